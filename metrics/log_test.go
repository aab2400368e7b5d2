package metrics_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"

	"google.golang.org/grpc/grpclog"
)

// warnings holds the warnings in gRPC's log. gRPC requires that the logger is set
// before anything else.
var warnings lockedBuffer

func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, &warnings, os.Stderr)) }

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// logged returns the warnings of this module that f causes. gRPC's own may come at
// any time, from servers that other tests have stopped. Tests that use logged must not
// be parallel.
func logged(f func()) string {
	warnings.mu.Lock()
	warnings.buf.Reset()
	warnings.mu.Unlock()
	f()
	warnings.mu.Lock()
	defer warnings.mu.Unlock()
	var ours strings.Builder
	for line := range strings.Lines(warnings.buf.String()) {
		if !strings.Contains(line, "[core]") && !strings.Contains(line, "[transport]") {
			ours.WriteString(line)
		}
	}
	return ours.String()
}
