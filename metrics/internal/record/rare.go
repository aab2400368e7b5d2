package record

import (
	"errors"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// rareRecord is the part of a backend's record that is made when something has gone
// wrong. Most backends never need it.
type rareRecord struct {
	lastFailure  atomic.Pointer[failure]    // the last failed connection attempt
	lastVerdict  atomic.Pointer[verdict]    // the last that made a subchannel unusable
	lastRPCError atomic.Pointer[rpcFailure] // only with WithLastRPCErrors

	ended [grpcstatus.Count]atomic.Uint64 // RPCs that ended with an error, by its status code

	failedBefore atomic.Uint64 // connection attempts that had failed when the backend went down

	// Whether an event has told that attempts to connect fail, or that the backend is
	// unusable.
	toldFailing, toldUnusable atomic.Bool
}

// failure is why and when a connection attempt failed.
type failure struct {
	err error
	at  clock.Instant
}

// rpcFailure is how and when an RPC attempt failed.
type rpcFailure struct {
	code codes.Code
	text string
	at   clock.Instant
}

// rare returns the rareRecord, and makes it if there is none.
func (b *Backend) rare() *rareRecord {
	if r := b.ifRare.Load(); r != nil {
		return r
	}
	b.ifRare.CompareAndSwap(nil, new(rareRecord))
	return b.ifRare.Load()
}

// nothingRare is read in place of a rareRecord that was not made.
var nothingRare rareRecord

// readRare returns the rareRecord, for reading only.
func (b *Backend) readRare() *rareRecord {
	if r := b.ifRare.Load(); r != nil {
		return r
	}
	return &nothingRare
}

// NoteFailure keeps how a connection attempt failed, or a connection was lost, for the live page.
func (b *Backend) NoteFailure(err error, now clock.Instant) {
	b.rare().lastFailure.Store(&failure{err: err, at: now})
}

// keepRPCErrors is how long the last error of an RPC stays before another with the same
// code takes its place.
const keepRPCErrors = 100 * time.Millisecond

var errBrokenStream = errors.New("the stream broke while the request was being sent")

// noteRPCError keeps how an RPC attempt on the backend failed, for the live page. It
// does not keep an error that follows another with the same code within keepRPCErrors:
// a backend that answers only errors must not make RPCs slower.
func (b *Backend) noteRPCError(code codes.Code, err error) {
	last := &b.rare().lastRPCError
	now := b.target.clock.Now()
	before := last.Load()
	if before != nil && before.code == code && now.Sub(before.at) < keepRPCErrors {
		return
	}
	text := err.Error()
	if s := grpcstatus.Of(err); s != nil {
		text = s.Message() // the code stands beside it
	}
	last.CompareAndSwap(before, &rpcFailure{code: code, text: events.Shortened(text), at: now})
}
