package livepage

import (
	"context"
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
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

// targetStatus is a selected target.
type targetStatus struct {
	livestatus.Key
	*diagnosis.Report
}

// row is a backend with its target.
type row struct {
	*livestatus.Backend
	diagnosis.Judged
	target *targetStatus
	failed uint64 // RPC attempts that ended with a code other than OK
}

// share returns the backend's part of the picks of the target in a window.
func (r row) share(long bool) float64 { return r.target.Share(r.Backend, long) }

// currentShare returns the share that the page shows.
func (r row) currentShare() float64 {
	if r.Recent.Short.Known() {
		return r.share(false)
	}
	return r.share(true)
}

// lifetimeShare returns the backend's part of all picks of the target.
func (r row) lifetimeShare() float64 {
	if r.target.Picks == 0 {
		return 0
	}
	return float64(r.Picks) / float64(r.target.Picks)
}

// newPage reads the targets that the query selects, and no others. It returns a
// [parameterError] if the query names a target or policy that does not exist.
func newPage(ctx context.Context, q query, s livestatus.Snapshot, m *memory) (page, error) {
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
func sample(ctx context.Context, targets []livestatus.Target) {
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

func newTargetStatus(t livestatus.Target, now time.Time, m *memory) *targetStatus {
	st := &targetStatus{t.Key, diagnosis.New(t.Read(), now, &m.diagnosis)}
	slices.SortFunc(st.Instances, func(a, b livestatus.Instance) int { return a.Since.Compare(b.Since) })
	return st
}
