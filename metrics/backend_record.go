package metrics

import (
	"container/list"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
)

// backendRecord is the record of one backend of a target: what its series say. There
// may be many: it is kept at 288 bytes.
type backendRecord struct {
	counts  *counts
	repicks atomic.Uint64
	failed  [numCodes]atomic.Uint64 // RPCs that ended with an error, by its status code

	connected      atomic.Uint64
	connectFailed  atomic.Uint64
	disconnections atomic.Uint64
	early          atomic.Uint64 // of these, those of connections that had just been made
	ready          atomic.Int64
	unusable       unusableCounts // of these

	rpcDuration atomic.Pointer[histogram] // nil until an RPC is measured
	lastFailure atomic.Pointer[failure]   // of a connection attempt; nil before the first
	lastVerdict atomic.Pointer[verdict]   // that made a subchannel unusable; nil before the first

	targetRecord *targetRecord
	namePair     *dto.LabelPair
	created      wallTime

	// Guarded by records.mu.
	refs  int32         // SubConns that are counted
	busy  bool          // without SubConns: an RPC was in flight at the last look
	since time.Time     // without SubConns: when the retention began
	place *list.Element // in targetRecord.unused; nil while there are SubConns
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

func newBackendRecord(t *targetRecord, name string, now time.Time) *backendRecord {
	return &backendRecord{
		counts:       new(counts),
		targetRecord: t,
		namePair:     labelPair(backendLabel, name),
		created:      wallTime(now.UnixNano()),
	}
}

// labels returns the pairs of the backend's series, in the order of their names.
func (b *backendRecord) labels() []*dto.LabelPair {
	return []*dto.LabelPair{b.namePair, b.targetRecord.policyPair, b.targetRecord.targetPair}
}

// newDone returns the Done callback of a SubConn's picks. What ends most of them
// is not worth another call.
func (b *backendRecord) newDone() func(balancer.DoneInfo) {
	counts := b.counts // at hand without a look at b
	return func(info balancer.DoneInfo) {
		if info.Err == nil && info.BytesSent && info.BytesReceived {
			counts.ok.Add(1)
			return
		}
		b.countEnd(info)
	}
}

// countEnd counts the end of a pick. It reports whether the pick led to an RPC attempt.
func (b *backendRecord) countEnd(info balancer.DoneInfo) bool {
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

func (b *backendRecord) traffic() traffic { return readTraffic(b.ends, b.counts.picks.Load) }

func (b *backendRecord) ends() ends {
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

// acquireLocked counts one more SubConn. records.mu is held.
func (b *backendRecord) acquireLocked() {
	if b.refs++; b.place != nil {
		b.targetRecord.unused.Remove(b.place)
		b.place = nil
	}
}

// releaseLocked undoes acquireLocked. records.mu is held.
func (b *backendRecord) releaseLocked(now time.Time) {
	if b.refs--; b.refs == 0 {
		b.place = b.targetRecord.unused.PushBack(b)
		b.busy, b.since = b.inFlight(), now
	}
}

// usedLocked begins the retention of a backend without SubConns anew. records.mu
// is held.
func (b *backendRecord) usedLocked(now time.Time) {
	b.since = now
	b.targetRecord.unused.MoveToBack(b.place)
}

// inFlight tells whether an RPC is under way. A picker that gRPC has replaced may
// yet start one on a backend without SubConns.
func (b *backendRecord) inFlight() bool { return b.traffic().inFlight > 0 }
