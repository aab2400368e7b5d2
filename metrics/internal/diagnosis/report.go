package diagnosis

import (
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Report is the status of a target and what follows from it.
type Report struct {
	livestatus.Status
	Judged []Judged // of each backend
	Ready  int      // READY backends
	Usable int      // how many of these get picks
	Picks  uint64   // of all backends

	now    time.Time
	peers  peers
	groups [conditions]group // of the backends, by condition
}

// New judges the backends of the target. It keeps the status, and takes memory for
// each backend from m, which nothing else may use at the same time.
func New(st livestatus.Status, now time.Time, m *Memory) *Report {
	t := &Report{Status: st, now: now}
	t.peers = newPeers(t.Backends, now, m)
	t.Judged = m.judgements(len(t.Backends))
	for i := range t.Backends {
		b := &t.Backends[i]
		t.Picks += b.Picks
		if b.Ready > 0 {
			t.Ready++
		}
		if b.Usable() > 0 {
			t.Usable++
		}
		t.Judged[i] = t.peers.judge(b, now)
		t.groups[t.Judged[i].Condition].add(b, t.Judged[i])
	}
	return t
}

// Present returns how many backends have a subchannel.
func (t *Report) Present() int { return len(t.Backends) - t.groups[Gone].n }

// Down returns how many backends are down.
func (t *Report) Down() int { return t.groups[Down].n }

// Imbalance returns the highest rate of a usable backend over the mean of all; 0 if
// there were no picks.
func (t *Report) Imbalance() float64 { return t.peers.imbalance() }

// Share returns the backend's part of the picks of the target's usable backends in
// the short or the long window, from 0 to 1. It is 0 if the backend is not usable.
func (t *Report) Share(b *livestatus.Backend, long bool) float64 {
	w, sum := &b.Recent.Short, t.peers.shortSum
	if long {
		w, sum = &b.Recent.Long, t.peers.longSum
	}
	if sum == 0 || b.Usable() == 0 {
		return 0
	}
	return w.Rate() / sum
}

// Memory holds what a diagnosis needs for each backend besides its status, for reuse.
// Its zero value is empty.
type Memory struct {
	judged    []Judged
	latencies []time.Duration
}

// judgements returns a list for n backends.
func (m *Memory) judgements(n int) []Judged {
	start := len(m.judged)
	m.judged = slices.Grow(m.judged, n)[:start+n]
	return m.judged[start:]
}

// Reset makes the memory free for the next page. No [Report] that took some of it may
// be used any more.
func (m *Memory) Reset() { m.judged, m.latencies = m.judged[:0], m.latencies[:0] }
