package record

import (
	"container/list"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// numStates counts the states that a SubConn can be counted in: IDLE,
// CONNECTING, READY, TRANSIENT_FAILURE. connectivity numbers them from 0.
const numStates = int(connectivity.TransientFailure) + 1

// Key identifies a [Target]. It holds label values.
type Key struct{ Target, Policy string }

// Target is the record of one target under one policy: the values of its
// series, and the records of its backends.
type Target struct {
	// Updated on each state change, like Backend.ready. Counting the SubConns
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

	key             Key
	targetPair      *dto.LabelPair
	policyPair      *dto.LabelPair
	connectDuration prometheus.Histogram
	pickDelay       [waits.NumReasons]atomic.Pointer[pickDelays] // nil until an attempt has waited for the reason; never nil for Connecting
	created         series.Created
	settings        *Settings
	clock           *clock.Clock

	recent *window.Log // samples of the backends, for the live page
	events events.Ring // the last

	// Guarded by Store.mu.
	instances map[Instance]struct{}
	idleSince clock.Instant
	backends  table[string, *Backend] // by the key of their ID
	unused    list.List               // backends without SubConns, ordered by since
	slots     slots                   // of the backends
}

func newTarget(key Key, s *Settings, c *clock.Clock) *Target {
	t := &Target{
		key:        key,
		targetPair: series.Pair(targetLabel, key.Target),
		policyPair: series.Pair(policyLabel, key.Policy),
		created:    series.CreatedNow(),
		settings:   s,
		clock:      c,
		recent:     window.NewLog(time.Duration(c.Now())),
		instances:  make(map[Instance]struct{}),
	}
	t.connectDuration = s.Catalog.connectDurations.New()
	t.pickDelayOf(waits.Connecting)
	return t
}

// pickDelays is a histogram, because an atomic.Pointer takes no interface.
type pickDelays struct{ prometheus.Histogram }

// pickDelayOf returns the histogram of waits with the reason.
func (t *Target) pickDelayOf(why waits.Reason) *pickDelays {
	if h := t.pickDelay[why].Load(); h != nil {
		return h
	}
	t.pickDelay[why].CompareAndSwap(nil, &pickDelays{t.settings.Catalog.pickDelays.New()})
	return t.pickDelay[why].Load()
}

// Key returns the key. Above the limit of targets it is not the one that [Store.Open]
// was given.
func (t *Target) Key() Key { return t.key }

// CountDelayedPick counts a pick that has to wait for a picker.
func (t *Target) CountDelayedPick() { t.delayed.Add(1) }

// CountFailedPick counts a pick that the policy answered with an error.
func (t *Target) CountFailedPick() { t.failed.Add(1) }

// CountPicker counts a picker that the policy published.
func (t *Target) CountPicker() { t.pickerUpdates.Add(1) }

// CountUpdate counts a resolver update that the policy took or, with an error, did not.
func (t *Target) CountUpdate(err error) {
	if err != nil {
		t.rejected.Add(1)
	} else {
		t.accepted.Add(1)
	}
}

// CountResolverError counts an error of the resolver.
func (t *Target) CountResolverError() { t.resolverErrors.Add(1) }

// AddSubchannel counts a subchannel in the state: IDLE, CONNECTING, READY or
// TRANSIENT_FAILURE.
func (t *Target) AddSubchannel(s connectivity.State) { t.subchannels[s].Add(1) }

// RemoveSubchannel undoes AddSubchannel.
func (t *Target) RemoveSubchannel(s connectivity.State) { t.subchannels[s].Add(-1) }

// ObserveConnecting counts how long a subchannel took from CONNECTING to READY.
func (t *Target) ObserveConnecting(took time.Duration) { t.connectDuration.Observe(took.Seconds()) }

// AddEvent adds an event to the last ones.
func (t *Target) AddEvent(e events.Event) { t.events.Add(e) }

var _ waits.Target = (*Target)(nil)

// WaitBegins implements [waits.Target].
func (t *Target) WaitBegins() { t.waiting.Add(1) }

// WaitEnds implements [waits.Target].
func (t *Target) WaitEnds() { t.waiting.Add(-1) }

// Delayed implements [waits.Target].
func (t *Target) Delayed(why waits.Reason, waited time.Duration) {
	t.pickDelayOf(why).Observe(waited.Seconds())
}

// otherBackend identifies all backends above the limit.
func (t *Target) otherBackend() ID {
	return ID{Name: otherName, Values: make([]string, len(t.settings.BackendLabels))}
}

// expiredLocked reports whether the target's retention has passed and all of its
// backends have been dropped. Store.mu is held.
func (t *Target) expiredLocked(now clock.Instant) bool {
	return len(t.instances) == 0 && t.backends.len() == 0 && now.Sub(t.idleSince) >= t.settings.Retention
}

// recheckBusyLocked checks the backends without SubConns for RPCs in flight. While
// a backend has any, its retention does not begin. Store.mu is held.
func (t *Target) recheckBusyLocked(now clock.Instant) {
	e := t.unused.Front()
	for range t.unused.Len() {
		b := e.Value.(*Backend)
		e = e.Next()
		wasBusy := b.busy
		if b.busy = b.inFlight(); b.busy || wasBusy {
			b.restartRetentionLocked(now)
		}
	}
}

// dropExpiredLocked drops the backends whose retention has passed, unless an RPC
// is in flight. It stops at the first backend whose retention has not passed.
// Store.mu is held.
func (t *Target) dropExpiredLocked(now clock.Instant) {
	for range t.unused.Len() {
		b := t.unused.Front().Value.(*Backend)
		switch {
		case now.Sub(b.since) < t.settings.Retention:
			return
		case b.inFlight():
			b.busy = true
			b.restartRetentionLocked(now)
		default:
			t.unused.Remove(b.place)
			t.backends.delete(b.Key())
			t.slots.giveBack(b.slot)
		}
	}
}

// listLocked lists the target's records. Store.mu is held.
func (t *Target) listLocked() listing {
	return listing{
		target:    t,
		instances: slices.Collect(maps.Keys(t.instances)),
		backends:  slices.AppendSeq(make([]*Backend, 0, t.backends.len()), t.backends.values()),
	}
}
