package metrics

import (
	"container/list"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// numStates counts the states that a SubConn can be counted in: IDLE,
// CONNECTING, READY, TRANSIENT_FAILURE. connectivity numbers them from 0.
const numStates = int(connectivity.TransientFailure) + 1

// targetKey identifies a targetRecord. It holds label values.
type targetKey struct{ target, policy string }

// targetRecord is the record of one target under one policy: the values of its
// series, and the records of its backends.
type targetRecord struct {
	// Updated on each state change, like backendRecord.ready. Counting the SubConns
	// in each scrape would take longer and hold up state changes.
	subchannels [numStates]atomic.Int64

	delayed        atomic.Uint64
	failed         atomic.Uint64
	pickerUpdates  atomic.Uint64
	accepted       atomic.Uint64
	rejected       atomic.Uint64
	resolverErrors atomic.Uint64
	folded         atomic.Uint64 // subchannels
	foldedHere     atomic.Uint64 // policy instances of other targets
	waiting        atomic.Int64  // RPC attempts that wait for a pick now

	targetKey
	targetPair      *dto.LabelPair
	policyPair      *dto.LabelPair
	connectDuration *histogram
	pickDelay       [numReasons]atomic.Pointer[histogram] // nil until an attempt has waited for the reason; never nil for connecting
	created         created
	options         *options
	now             func() instant

	recent *window.Log // samples of the backends, for the live page
	events eventRing   // the last

	// Guarded by records.mu.
	instances map[*instance]struct{}
	idleSince instant
	backends  table[string, *backendRecord] // by the key of their backendID
	unused    list.List                     // backends without SubConns, ordered by since
	slots     slots                         // of the backends
}

func newTargetRecord(key targetKey, o *options, now func() instant) *targetRecord {
	t := &targetRecord{
		targetKey:  key,
		targetPair: labelPair(targetLabel, key.target),
		policyPair: labelPair(policyLabel, key.policy),
		created:    createdNow(),
		options:    o,
		now:        now,
		recent:     window.NewLog(time.Duration(now())),
		instances:  make(map[*instance]struct{}),
	}
	t.connectDuration = o.catalog.connectDurations.newHistogram(t.labels())
	t.pickDelayOf(connecting)
	return t
}

// pickDelayOf returns the histogram of waits with the reason.
func (t *targetRecord) pickDelayOf(why reason) *histogram {
	if h := t.pickDelay[why].Load(); h != nil {
		return h
	}
	t.pickDelay[why].CompareAndSwap(nil, t.options.catalog.pickDelays.newHistogramWith(t.labels(), int(why)))
	return t.pickDelay[why].Load()
}

// otherBackend identifies all backends above the limit.
func (t *targetRecord) otherBackend() backendID {
	return backendID{name: otherName, values: make([]string, len(t.options.backendLabels))}
}

// labels returns the label pairs of the target's series, sorted by name.
func (t *targetRecord) labels() []*dto.LabelPair { return []*dto.LabelPair{t.policyPair, t.targetPair} }

// expiredLocked reports whether the target's retention has passed and all of its
// backends have been dropped. records.mu is held.
func (t *targetRecord) expiredLocked(now instant, retention time.Duration) bool {
	return len(t.instances) == 0 && t.backends.len() == 0 && time.Duration(now-t.idleSince) >= retention
}

// recheckBusyLocked checks the backends without SubConns for RPCs in flight. While
// a backend has any, its retention does not begin. records.mu is held.
func (t *targetRecord) recheckBusyLocked(now instant) {
	e := t.unused.Front()
	for range t.unused.Len() {
		b := e.Value.(*backendRecord)
		e = e.Next()
		wasBusy := b.busy
		if b.busy = b.inFlight(); b.busy || wasBusy {
			b.restartRetentionLocked(now)
		}
	}
}

// dropExpiredLocked drops the backends whose retention has passed, unless an RPC
// is in flight. It stops at the first backend whose retention has not passed.
// records.mu is held.
func (t *targetRecord) dropExpiredLocked(now instant, retention time.Duration) {
	for range t.unused.Len() {
		b := t.unused.Front().Value.(*backendRecord)
		switch {
		case time.Duration(now-b.since) < retention:
			return
		case b.inFlight():
			b.busy = true
			b.restartRetentionLocked(now)
		default:
			t.unused.Remove(b.place)
			t.backends.delete(b.key())
			t.slots.giveBack(b.slot)
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
