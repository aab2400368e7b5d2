package metrics

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	maxErrorText  = 256 // bytes
	keepRPCErrors = 100 * time.Millisecond
)

var errBrokenStream = errors.New("the stream broke while the request was being sent")

// noteRPCError keeps how an RPC attempt on the backend failed, for the live page. It
// does not keep an error that follows another with the same code within keepRPCErrors:
// a backend that answers only errors must not make RPCs slower.
func (b *backendRecord) noteRPCError(code codes.Code, err error) {
	last := &b.rare().lastRPCError
	now := b.targetRecord.now()
	before := last.Load()
	if before != nil && before.code == code && time.Duration(now-before.at) < keepRPCErrors {
		return
	}
	text := err.Error()
	if s := statusOf(err); s != nil {
		text = s.Message() // the code stands beside it
	}
	last.CompareAndSwap(before, &rpcFailure{code: code, text: shortened(text), at: now})
}

// shortened returns a text that does not keep a long one in memory.
func shortened(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(strings.Clone(text[:maxErrorText]), "") + "…"
}
