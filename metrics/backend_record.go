package metrics

import (
	"container/list"
	"sync/atomic"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// backendRecord is the record of one backend of a target: the values of its
// series. There may be very many, so keep it small: at most 288 bytes.
type backendRecord struct {
	counts  *counts
	repicks atomic.Uint64
	failed  [grpcstatus.Count]atomic.Uint64 // RPCs that ended with an error, by its status code

	connected      atomic.Uint64
	connectFailed  atomic.Uint64
	disconnections atomic.Uint64
	lostEarly      atomic.Uint64  // disconnections soon after the connection was made
	unusable       unusableCounts // of those that are ready
	ready          atomic.Int32

	slot uint32 // the place in samples; never changes

	uptime uptime

	rpcDurations atomic.Pointer[rpcDurations] // nil until an RPC is measured
	ifRare       atomic.Pointer[rareRecord]   // see rare and readRare

	targetRecord *targetRecord
	namePair     *dto.LabelPair
	labelled     *labelledRecord // nil without WithBackendLabel
	created      created
	born         instant // the same by the monotonic clock

	// Guarded by records.mu.
	refs  int32         // number of SubConns
	busy  bool          // if refs is 0: an RPC was in flight when last checked
	since instant       // if refs is 0: when the retention began
	place *list.Element // in targetRecord.unused; nil unless refs is 0
}

// counts are the counters that nearly every RPC increments. They are allocated
// apart from the rest of the record, so that the counts of many backends lie close
// together: with thousands of backends, more of them stay in the CPU's caches.
type counts struct {
	picks atomic.Uint64
	ok    atomic.Uint64 // RPCs that ended without an error
}

// newBackendRecordLocked makes the record of a backend. records.mu is held.
func newBackendRecordLocked(t *targetRecord, id backendID, now instant) *backendRecord {
	b := &backendRecord{
		counts:       new(counts),
		targetRecord: t,
		namePair:     labelPair(backendLabel, id.name),
		created:      createdNow(),
		born:         now,
		slot:         t.slots.take(),
	}
	if len(id.values) > 0 {
		b.labelled = newLabelledRecord(id, t.options.backendLabels, b.labels())
	}
	return b
}

// key returns the key of the backendID.
func (b *backendRecord) key() string {
	if b.labelled != nil {
		return b.labelled.key
	}
	return b.namePair.GetValue()
}

// labels returns the label pairs of the backend's series, sorted by name.
func (b *backendRecord) labels() []*dto.LabelPair {
	if b.labelled != nil {
		return b.labelled.pairs
	}
	return []*dto.LabelPair{b.namePair, b.targetRecord.policyPair, b.targetRecord.targetPair}
}

// newDone returns the Done callback for picks of a SubConn. The usual case is
// inline, which saves a call.
func (b *backendRecord) newDone() func(balancer.DoneInfo) {
	counts := b.counts // so that the usual case does not read b
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
		code := statusCode(info.Err)
		b.failed[code].Add(1)
		if b.targetRecord.options.lastRPCErrors {
			b.noteRPCError(code, info.Err)
		}
	case !info.BytesReceived && info.Trailer != nil:
		// The stream broke while the request was being sent. gRPC reports no
		// error here, but a success without any received byte is impossible. A
		// stream always leaves a trailer, possibly empty: a nil one comes from a
		// fake, which means a plain success.
		b.failed[codes.Unavailable].Add(1)
		if b.targetRecord.options.lastRPCErrors {
			b.noteRPCError(codes.Unavailable, errBrokenStream)
		}
	default:
		b.counts.ok.Add(1)
	}
	return true
}

// traffic is a consistent reading of a backend's picks and their ends.
type traffic struct {
	picks uint64
	ends
	inFlight int64
}

// ends counts the picks that have ended.
type ends struct {
	repicks  uint64
	finished [grpcstatus.Count]uint64
}

// failed is the number of RPC attempts that did not end OK.
func (e *ends) failed() (n uint64) {
	for code, ended := range e.finished {
		if codes.Code(code) != codes.OK {
			n += ended
		}
	}
	return n
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

// readTraffic reads the ends before the picks. So the pick of each end that it
// sees is counted, and in flight is never negative.
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

// acquireLocked adds a SubConn. records.mu is held.
func (b *backendRecord) acquireLocked() {
	if b.refs++; b.place != nil {
		b.targetRecord.unused.Remove(b.place)
		b.place = nil
		b.forgetLocked()
	}
}

// releaseLocked undoes acquireLocked. records.mu is held.
func (b *backendRecord) releaseLocked(now instant) {
	if b.refs--; b.refs == 0 {
		b.place = b.targetRecord.unused.PushBack(b)
		b.busy, b.since = b.inFlight(), now
	}
}

// restartRetentionLocked restarts the retention of a backend without SubConns.
// records.mu is held.
func (b *backendRecord) restartRetentionLocked(now instant) {
	b.since = now
	b.targetRecord.unused.MoveToBack(b.place)
}

// inFlight reports whether an RPC is in flight. Even without SubConns one may
// start, through a picker that gRPC has replaced.
func (b *backendRecord) inFlight() bool { return b.traffic().inFlight > 0 }
