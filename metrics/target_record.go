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
	folded         atomic.Uint64
	waiting        atomic.Int64 // RPC attempts that wait for a pick now

	targetKey
	targetPair      *dto.LabelPair
	policyPair      *dto.LabelPair
	connectDuration *histogram
	pickWait        [numReasons]*histogram
	created         time.Time

	// Guarded by records.mu.
	instances map[*instance]struct{}
	idleSince time.Time
	backends  table[string, *backendRecord] // by name
	unused    list.List                     // backends without SubConns, ordered by since
}

func newTargetRecord(key targetKey, now time.Time) *targetRecord {
	t := &targetRecord{
		targetKey:  key,
		targetPair: labelPair(targetLabel, key.target),
		policyPair: labelPair(policyLabel, key.policy),
		created:    now,
		instances:  make(map[*instance]struct{}),
	}
	t.connectDuration = connectDurations.newHistogram(t.labels())
	for why := range t.pickWait {
		t.pickWait[why] = pickWaits.newHistogramWith(t.labels(), why)
	}
	return t
}

// labels returns the label pairs of the target's series, sorted by name.
func (t *targetRecord) labels() []*dto.LabelPair { return []*dto.LabelPair{t.policyPair, t.targetPair} }

// expiredLocked reports whether the target's retention has passed. That of its
// backends must have passed before. records.mu is held.
func (t *targetRecord) expiredLocked(now time.Time, retention time.Duration) bool {
	return len(t.instances) == 0 && t.backends.len() == 0 && now.Sub(t.idleSince) >= retention
}

// recheckBusyLocked checks the backends without SubConns for RPCs in flight. While
// a backend has any, its retention does not begin. records.mu is held.
func (t *targetRecord) recheckBusyLocked(now time.Time) {
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
func (t *targetRecord) dropExpiredLocked(now time.Time, retention time.Duration) {
	for range t.unused.Len() {
		b := t.unused.Front().Value.(*backendRecord)
		switch {
		case now.Sub(b.since) < retention:
			return
		case b.inFlight():
			b.busy = true
			b.restartRetentionLocked(now)
		default:
			t.unused.Remove(b.place)
			t.backends.delete(b.namePair.GetValue())
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
