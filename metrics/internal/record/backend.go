package record

import (
	"container/list"
	"sync/atomic"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// Backend is the record of one backend of a target: the values of its
// series. There may be very many, so keep it small: at most 160 bytes.
type Backend struct {
	// Where latency is measured, each RPC reads these. They are in one cache line.
	counts    *Counts
	durations atomic.Pointer[rpcDurations] // nil until an RPC is measured

	repicks atomic.Uint64

	connected      atomic.Uint64
	connectFailed  atomic.Uint64
	disconnections atomic.Uint64
	lostEarly      atomic.Uint64  // disconnections soon after the connection was made
	unusable       unusableCounts // of those that are ready
	ready          atomic.Int32

	slot uint32 // the place in samples; never changes

	uptime uptime

	ifRare atomic.Pointer[rareRecord] // see rare and readRare

	target  *Target
	key     string // of the ID
	created series.Created
	born    clock.Instant // the same by the monotonic clock

	// Guarded by Store.mu.
	refs  int32         // number of SubConns
	busy  bool          // if refs is 0: an RPC was in flight when last checked
	since clock.Instant // if refs is 0: when the retention began
	place *list.Element // in target.unused; nil unless refs is 0
}

// newBackendLocked makes the record of a backend. Store.mu is held.
func newBackendLocked(t *Target, id ID, now clock.Instant) *Backend {
	slot := t.slots.take()
	return &Backend{
		counts:  newCounts(slot),
		target:  t,
		key:     id.Key(),
		created: series.CreatedNow(),
		born:    now,
		slot:    slot,
	}
}

// Name returns the value of the backend's label.
func (b *Backend) Name() string {
	name, _ := b.names()
	return name
}

// Key returns the key of the backend's ID. Above the limit of backends it is not the one
// that [Store.Acquire] was given.
func (b *Backend) Key() string { return b.key }

// names returns the name and, for nextValue, the values of [Settings.BackendLabels].
func (b *Backend) names() (name, values string) {
	if len(b.target.settings.BackendLabels) == 0 {
		return b.key, ""
	}
	return nextValue(b.key)
}

// acquireLocked adds a SubConn. Store.mu is held.
func (b *Backend) acquireLocked() {
	if b.refs++; b.place != nil {
		b.target.unused.Remove(b.place)
		b.place = nil
		b.forgetLocked()
	}
}

// releaseLocked undoes acquireLocked. Store.mu is held.
func (b *Backend) releaseLocked(now clock.Instant) {
	if b.refs--; b.refs == 0 {
		b.place = b.target.unused.PushBack(b)
		b.busy, b.since = b.inFlight(), now
	}
}

// restartRetentionLocked restarts the retention of a backend without SubConns.
// Store.mu is held.
func (b *Backend) restartRetentionLocked(now clock.Instant) {
	b.since = now
	b.target.unused.MoveToBack(b.place)
}
