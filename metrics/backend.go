package metrics

import (
	"container/list"
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

// backend is the record of one backend of a target: what its series say. There
// may be many: it is kept at 288 bytes.
type backend struct {
	counts  *counts
	repicks atomic.Uint64
	failed  [numCodes]atomic.Uint64 // RPCs that ended with an error, by its status code

	connected      atomic.Uint64
	connectFailed  atomic.Uint64
	disconnections atomic.Uint64
	early          atomic.Uint64 // of these, those of connections that had just been made
	ready          atomic.Int64

	rpcDuration atomic.Pointer[histogram] // nil until an RPC is measured
	lastFailure atomic.Pointer[failure]   // of a connection attempt; nil before the first

	target   *target
	namePair *dto.LabelPair
	created  time.Time

	// Guarded by Metrics.mu.
	refs  int32         // SubConns that are counted
	busy  bool          // without SubConns: an RPC was in flight at the last look
	since time.Time     // without SubConns: when the retention began
	place *list.Element // in target.unused; nil while there are SubConns
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
	at  instant
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
		// As unsigned numbers: to an int of 32 bits the largest codes are negative.
		if s.Code() < codes.Code(numCodes) {
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
	picks uint64
	ends
	inFlight int64
}

// ends are what became of picks.
type ends struct {
	repicks  uint64
	finished [numCodes]uint64
}

func (b *backend) traffic() traffic { return readTraffic(b.ends, b.counts.picks.Load) }

func (b *backend) ends() ends {
	e := ends{repicks: b.repicks.Load()}
	for code := range e.finished {
		e.finished[code] = b.failed[code].Load()
	}
	e.finished[codes.OK] += b.counts.ok.Load()
	return e
}

// readTraffic reads the ends before the picks, so that each end that it sees has
// its pick counted and in flight is never negative.
func readTraffic(readEnds func() ends, readPicks func() uint64) traffic {
	t := traffic{ends: readEnds()}
	t.picks = readPicks()
	ended := t.repicks
	for _, n := range t.finished {
		ended += n
	}
	t.inFlight = int64(t.picks - ended)
	return t
}

// acquireLocked counts one more SubConn. Metrics.mu is held.
func (b *backend) acquireLocked() {
	if b.refs++; b.place != nil {
		b.target.unused.Remove(b.place)
		b.place = nil
	}
}

// releaseLocked is the end of what acquireLocked began. Metrics.mu is held.
func (b *backend) releaseLocked(now time.Time) {
	if b.refs--; b.refs == 0 {
		b.place = b.target.unused.PushBack(b)
		b.busy, b.since = b.inFlight(), now
	}
}

// usedLocked begins the retention of a backend without SubConns anew. Metrics.mu
// is held.
func (b *backend) usedLocked(now time.Time) {
	b.since = now
	b.target.unused.MoveToBack(b.place)
}

// inFlight tells whether an RPC is under way. A picker that gRPC has replaced may
// yet start one on a backend without SubConns.
func (b *backend) inFlight() bool { return b.traffic().inFlight > 0 }
