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
	matched   []row           // selected backends, sorted
	shown     []row           // the part of matched that is on the page
}

// targetStatus is the status of a selected target, with the sums over all its
// backends.
type targetStatus struct {
	Key
	Status
	ready     int    // READY backends
	usable    int    // those of them that get picks
	picks     uint64 // of all backends
	imbalance float64
}

// row is a backend with its target.
type row struct {
	*Backend
	target *targetStatus
	failed uint64 // RPC attempts that ended with another code than OK
}

// share returns the backend's part of the target's picks, from 0 to 1.
func (r row) share() float64 {
	if r.target.picks == 0 {
		return 0
	}
	return float64(r.Picks) / float64(r.target.picks)
}

// newPage reads the targets that the query selects, and no others. It returns a
// [parameterError] if the query names a target or policy that does not exist.
func newPage(ctx context.Context, q query, s Snapshot) (page, error) {
	selected, err := q.selectTargets(s.Targets)
	if err != nil {
		return page{}, err
	}
	sample(ctx, selected)
	p := page{time: s.Time, retention: s.Retention, query: q, known: len(s.Targets)}
	for _, t := range selected {
		p.targets = append(p.targets, newTargetStatus(t))
	}
	p.matched, p.total = q.selectBackends(p.targets)
	p.shown = q.cutPage(p.matched)
	return p, nil
}

// sample prepares the targets, and waits for as long as that takes or until ctx
// ends.
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

func newTargetStatus(t Target) *targetStatus {
	st := &targetStatus{Key: t.Key, Status: t.Read()}
	var most, inUse, inUsePicks uint64 // of usable backends
	for i := range st.Backends {
		b := &st.Backends[i]
		st.picks += b.Picks
		if b.Ready > 0 {
			st.ready++
		}
		if b.usable() > 0 {
			st.usable++
			most, inUse, inUsePicks = max(most, b.Picks), inUse+1, inUsePicks+b.Picks
		}
	}
	if inUsePicks > 0 {
		st.imbalance = float64(most) * float64(inUse) / float64(inUsePicks)
	}
	slices.SortFunc(st.Instances, func(a, b Instance) int { return a.Since.Compare(b.Since) })
	return st
}
