package metrics

import (
	"container/list"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/connectivity"
)

// numStates counts the states that a SubConn can be counted in: IDLE,
// CONNECTING, READY, TRANSIENT_FAILURE. connectivity numbers them from 0.
const numStates = int(connectivity.TransientFailure) + 1

// targetKey holds label values.
type targetKey struct{ target, policy string }

// targetRecord is the record of one dial target under one policy: what its series
// say. Its backends' records hang on it.
type targetRecord struct {
	// Counted as they change, as backendRecord.ready is. To count the SubConns at each
	// scrape takes longer, and state changes would wait for it.
	subchannels [numStates]atomic.Int64

	delayed        atomic.Uint64
	failed         atomic.Uint64
	pickerUpdates  atomic.Uint64
	accepted       atomic.Uint64
	rejected       atomic.Uint64
	resolverErrors atomic.Uint64
	folded         atomic.Uint64 // subchannels
	foldedHere     atomic.Uint64 // policy instances of other targets
	waiting        atomic.Int64  // RPC attempts that wait for a pick

	targetKey
	targetPair      *dto.LabelPair
	policyPair      *dto.LabelPair
	connectDuration *histogram
	pickDelay       [numReasons]atomic.Pointer[histogram] // nil until an attempt waited for the reason, but for connecting
	created         created
	options         *options

	// Guarded by records.mu.
	instances map[*instance]struct{}
	idleSince instant
	backends  table[string, *backendRecord] // by the key of their backendID
	unused    list.List                     // backends without SubConns, in the order of since
}

func newTargetRecord(key targetKey, o *options) *targetRecord {
	t := &targetRecord{
		targetKey:  key,
		targetPair: labelPair(targetLabel, key.target),
		policyPair: labelPair(policyLabel, key.policy),
		created:    createdNow(),
		options:    o,
		instances:  make(map[*instance]struct{}),
	}
	t.connectDuration = o.catalog.connectDurations.newHistogram(t.labels())
	t.pickDelayOf(connecting)
	return t
}

// pickDelayOf returns the histogram of the waits for the reason.
func (t *targetRecord) pickDelayOf(why reason) *histogram {
	if h := t.pickDelay[why].Load(); h != nil {
		return h
	}
	t.pickDelay[why].CompareAndSwap(nil, t.options.catalog.pickDelays.newHistogramWith(t.labels(), int(why)))
	return t.pickDelay[why].Load()
}

// otherBackend identifies the backends above the limit, together.
func (t *targetRecord) otherBackend() backendID {
	return backendID{name: otherName, values: make([]string, len(t.options.backendLabels))}
}

// labels returns the pairs of the target's series, in the order of their names.
func (t *targetRecord) labels() []*dto.LabelPair { return []*dto.LabelPair{t.policyPair, t.targetPair} }

// expiredLocked tells whether the target's retention has passed. records.mu is
// held. The series of its backends go first.
func (t *targetRecord) expiredLocked(now instant, retention time.Duration) bool {
	return len(t.instances) == 0 && t.backends.len() == 0 && time.Duration(now-t.idleSince) >= retention
}

// lookLocked looks for RPCs on the backends without SubConns. The retention of
// one begins when the last of them is found to have ended. records.mu is held.
func (t *targetRecord) lookLocked(now instant) {
	e := t.unused.Front()
	for range t.unused.Len() {
		b := e.Value.(*backendRecord)
		e = e.Next()
		wasBusy := b.busy
		if b.busy = b.inFlight(); b.busy || wasBusy {
			b.usedLocked(now)
		}
	}
}

// dropExpiredLocked drops the backends whose retention has passed, unless an RPC
// is under way. It looks at no others. records.mu is held.
func (t *targetRecord) dropExpiredLocked(now instant, retention time.Duration) {
	for range t.unused.Len() {
		b := t.unused.Front().Value.(*backendRecord)
		switch {
		case time.Duration(now-b.since) < retention:
			return
		case b.inFlight():
			b.busy = true
			b.usedLocked(now)
		default:
			t.unused.Remove(b.place)
			t.backends.delete(b.key())
		}
	}
}

// seriesLocked returns the target's records. records.mu is held.
func (t *targetRecord) seriesLocked() series {
	return series{
		targetRecord: t,
		instances:    slices.Collect(maps.Keys(t.instances)),
		backends:     slices.AppendSeq(make([]*backendRecord, 0, t.backends.len()), t.backends.values()),
	}
}
