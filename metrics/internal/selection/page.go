package selection

import (
	"context"
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Page is what the answer to one request shows.
type Page struct {
	Query     Query
	Time      time.Time
	Retention time.Duration
	Targets   []*Target // selected targets
	Known     int       // number of all targets
	Total     int       // number of backends of the selected targets
	Matched   int       // number of selected backends
	Shown     []Row     // the part of them that is on the page, sorted

	memory *memory
}

// Target is a selected target.
type Target struct {
	livestatus.Key
	*diagnosis.Report
}

// Row is a backend with its target.
type Row struct {
	*livestatus.Backend
	diagnosis.Judged
	Target *Target
	failed uint64 // RPC attempts that ended with a code other than OK
}

// Share returns the backend's part of the picks of the target in a window.
func (r Row) Share(long bool) float64 { return r.Target.Share(r.Backend, long) }

// CurrentShare returns the share that the page shows.
func (r Row) CurrentShare() float64 {
	if r.Recent.Short.Known() {
		return r.Share(false)
	}
	return r.Share(true)
}

// LifetimeShare returns the backend's part of all picks of the target.
func (r Row) LifetimeShare() float64 {
	if r.Target.Picks == 0 {
		return 0
	}
	return float64(r.Picks) / float64(r.Target.Picks)
}

// New reads the targets that the query selects, and no others. It returns a [QueryError]
// if the query names a target or policy that does not exist. If the targets ask it to
// wait, it waits until ctx ends at most.
func New(ctx context.Context, q Query, s livestatus.Snapshot) (*Page, error) {
	selected, err := q.selectTargets(s.Targets)
	if err != nil {
		return nil, err
	}
	sample(ctx, selected)
	p := &Page{Query: q, Time: s.Time, Retention: s.Retention, Known: len(s.Targets), memory: memories.Get()}
	for _, t := range selected {
		p.Targets = append(p.Targets, newTarget(t, s.Time, p.memory))
	}
	matched, total := q.selectBackends(p.Targets, p.memory)
	p.Matched, p.Total = len(matched), total
	p.Shown = q.cutPage(matched)
	return p, nil
}

// Release gives the memory of the page to later ones. Nothing may use the page, its
// targets or its rows any more.
func (p *Page) Release() { p.memory.release() }

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

func newTarget(t livestatus.Target, now time.Time, m *memory) *Target {
	st := &Target{t.Key, diagnosis.New(t.Read(), now, &m.diagnosis)}
	slices.SortFunc(st.Instances, func(a, b livestatus.Instance) int { return a.Since.Compare(b.Since) })
	return st
}
