package livepage

import (
	"context"
	"slices"
	"time"
)

// page is what the answer to one request shows.
type page struct {
	time      time.Time
	retention time.Duration
	query     query
	targets   []*targetStatus // selected targets
	known     int             // number of all targets
	total     int             // number of backends of the selected targets
	matched   int             // number of selected backends
	shown     []row           // the part of them that is on the page, sorted
}

// targetStatus is the status of a selected target, with the sums over all its
// backends.
type targetStatus struct {
	Key
	Status
	now    time.Time
	peers  peers
	judged []judged          // of each backend
	groups [conditions]group // of the backends, by condition
	ready  int               // READY backends
	usable int               // how many of these get picks
	picks  uint64            // of all backends
}

// row is a backend with its target.
type row struct {
	*Backend
	judged
	target *targetStatus
	failed uint64 // RPC attempts that ended with a code other than OK
}

// share returns the backend's part of the picks of the target's usable backends in
// a window, from 0 to 1. It is 0 if the backend is not usable.
func (r row) share(window int) float64 {
	w := &r.Recent.Short
	if window == longWindow {
		w = &r.Recent.Long
	}
	if r.target.peers.total[window] == 0 || r.usable() == 0 {
		return 0
	}
	return w.rate() / r.target.peers.total[window]
}

// currentShare returns the share that the page shows.
func (r row) currentShare() float64 {
	if r.Recent.Short.known() {
		return r.share(shortWindow)
	}
	return r.share(longWindow)
}

// lifetimeShare returns the backend's part of all picks of the target.
func (r row) lifetimeShare() float64 {
	if r.target.picks == 0 {
		return 0
	}
	return float64(r.Picks) / float64(r.target.picks)
}

// newPage reads the targets that the query selects, and no others. It returns a
// [parameterError] if the query names a target or policy that does not exist.
func newPage(ctx context.Context, q query, s Snapshot, m *memory) (page, error) {
	selected, err := q.selectTargets(s.Targets)
	if err != nil {
		return page{}, err
	}
	sample(ctx, selected)
	p := page{time: s.Time, retention: s.Retention, query: q, known: len(s.Targets)}
	for _, t := range selected {
		p.targets = append(p.targets, newTargetStatus(t, s.Time, m))
	}
	matched, total := q.selectBackends(p.targets, m)
	p.matched, p.total = len(matched), total
	p.shown = q.cutPage(matched)
	return p, nil
}

// sample prepares the targets. It waits as long as they ask for, or until ctx ends.
func sample(ctx context.Context, targets []Target) {
	var wait time.Duration
	for _, t := range targets {
		if t.Sample != nil {
			wait = max(wait, t.Sample())
		}
	}
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func newTargetStatus(t Target, now time.Time, m *memory) *targetStatus {
	st := &targetStatus{Key: t.Key, Status: t.Read(), now: now}
	st.peers = newPeers(st.Backends, now, m)
	st.judged = m.judgements(len(st.Backends))
	for i := range st.Backends {
		b := &st.Backends[i]
		st.picks += b.Picks
		if b.Ready > 0 {
			st.ready++
		}
		if b.usable() > 0 {
			st.usable++
		}
		st.judged[i] = st.peers.judge(b, now)
		st.groups[st.judged[i].condition].add(b, st.judged[i])
	}
	slices.SortFunc(st.Instances, func(a, b Instance) int { return a.Since.Compare(b.Since) })
	return st
}

// present returns how many backends have a subchannel.
func (t *targetStatus) present() int { return len(t.Backends) - t.groups[gone].n }
