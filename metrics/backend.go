package metrics

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const numCodes = int(codes.Unauthenticated) + 1 // gRPC defines 0 to 16

// backend is the record of one backend of a target: what its series say.
type backend struct {
	counts  *counts
	repicks atomic.Uint64
	failed  [numCodes]atomic.Uint64 // RPCs that ended with an error, by its status code

	connected      atomic.Uint64
	connectFailed  atomic.Uint64
	disconnections atomic.Uint64
	ready          atomic.Int64

	rpcDuration atomic.Pointer[histogram] // nil until an RPC is measured
	lastFailure atomic.Pointer[failure]   // of a connection attempt; nil before the first

	target   *target
	namePair *dto.LabelPair
	created  time.Time

	// Guarded by Metrics.mu.
	refs      int       // SubConns that are counted
	idleSince time.Time // zero while in use, or until its end is noticed
}

// counts are what nearly every RPC counts. They are apart from the rest of the
// record, so that those of many backends lie close together: picks that go round
// thousands find them in the processor's caches more often.
type counts struct {
	picks atomic.Uint64
	ok    atomic.Uint64 // RPCs that ended without an error
}

// failure is why and when a connection attempt failed.
type failure struct {
	err error
	at  time.Time
}

// labels returns the pairs of the backend's series, in the order of their names.
func (b *backend) labels() []*dto.LabelPair {
	return []*dto.LabelPair{b.namePair, b.target.policyPair, b.target.targetPair}
}

// givenUp tells whether gRPC gave the pick up, to pick again: nothing was sent,
// because the connection had gone or was closing. It takes two fields, since a
// copy of the DoneInfo costs as much as counting.
func givenUp(err error, bytesSent bool) bool {
	return !bytesSent && (err == nil || connectionCloses(err))
}

// connectionCloses tells whether gRPC found the connection, that of a READY
// subchannel, closing or about to be closed by the server. It says so by
// these errors only. Others before sending end the attempt for its caller, with
// the same code when they come from per-RPC credentials or from the check of an
// authority. Should gRPC change the words, these picks count as Unavailable.
func connectionCloses(err error) bool {
	s := statusOf(err)
	return s != nil && s.Code() == codes.Unavailable &&
		(s.Message() == "the connection is draining" || s.Message() == "transport is closing")
}

// newDone returns the Done callback of a SubConn's picks. What ends most of them
// is not worth another call.
func (b *backend) newDone() func(balancer.DoneInfo) {
	counts := b.counts // at hand without a look at b
	return func(info balancer.DoneInfo) {
		if info.Err == nil && info.BytesSent && info.BytesReceived {
			counts.ok.Add(1)
			return
		}
		b.finish(info)
	}
}

// finish counts the end of a pick. It tells whether an RPC attempt came of it.
func (b *backend) finish(info balancer.DoneInfo) bool {
	switch {
	case givenUp(info.Err, info.BytesSent):
		b.repicks.Add(1)
		return false
	case info.Err != nil:
		b.failed[statusCode(info.Err)].Add(1)
	case !info.BytesReceived && info.Trailer != nil:
		// The stream broke under the request. gRPC has an error for it, io.EOF,
		// that it takes for a success here; but no success comes without a byte.
		// A stream always leaves a trailer, if an empty one: where that is nil
		// there was none, and a fake means a plain success.
		b.failed[codes.Unavailable].Add(1)
	default:
		b.counts.ok.Add(1)
	}
	return true
}

// statusOf returns the status that err carries, if any. It does without the
// allocations of [status.FromError].
func statusOf(err error) *status.Status {
	type grpcError interface {
		error
		GRPCStatus() *status.Status
	}
	if e, ok := errors.AsType[grpcError](err); ok {
		return e.GRPCStatus()
	}
	return nil
}

// statusCode is [status.Code] without its allocations. In addition it knows
// context errors, and takes codes that gRPC does not define for Unknown.
func statusCode(err error) codes.Code {
	if s := statusOf(err); s != nil {
		if int(s.Code()) < numCodes {
			return s.Code()
		}
		return codes.Unknown
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	}
	return codes.Unknown
}

// traffic is what a backend's counters say of its picks at one moment.
type traffic struct {
	picks, repicks uint64
	finished       [numCodes]uint64
	inFlight       int64
}

// traffic reads the ends before the picks, so that each end that it sees has
// its pick counted and in flight is never negative.
func (b *backend) traffic() traffic {
	var t traffic
	var ended uint64
	for code := range t.finished {
		t.finished[code] = b.failed[code].Load()
		ended += t.finished[code]
	}
	ok := b.counts.ok.Load()
	t.finished[codes.OK] += ok
	ended += ok
	t.repicks = b.repicks.Load()
	t.picks = b.counts.picks.Load()
	t.inFlight = int64(t.picks - t.repicks - ended)
	return t
}

// noteUseLocked notes whether the backend is in use and, when it first is not,
// the time. A picker that gRPC has replaced may yet start an RPC; that is use.
// Metrics.mu is held.
func (b *backend) noteUseLocked(now time.Time) {
	switch {
	case b.refs > 0 || b.traffic().inFlight > 0:
		b.idleSince = time.Time{}
	case b.idleSince.IsZero():
		b.idleSince = now
	}
}

// expiredLocked tells whether the backend's retention has passed. Metrics.mu is
// held.
func (b *backend) expiredLocked(now time.Time, retention time.Duration) bool {
	b.noteUseLocked(now)
	return !b.idleSince.IsZero() && now.Sub(b.idleSince) >= retention
}
