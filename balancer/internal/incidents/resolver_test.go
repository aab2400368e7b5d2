package incidents_test

import (
	"errors"
	"slices"

	"github.com/grpc-balancer2/balancer2/balancer/internal/incidents"
)

var added = incidents.Incident{
	Name:   "added",
	Hidden: 1,
	Happens: func(s *incidents.Stage) {
		s.Culprit = 0
		s.Client.Update(s.Servers.State())
	},
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, n, 0)
		l.Says("ok", "usable")
		b := l.Is(l.Name(), "ok")
		l.During("up since", b.UpSince)
		if e := l.Happened("resolver_update", ""); e.Endpoints != n || !slices.Equal(e.Added, []string{l.Name()}) || e.RemovedCount != 0 {
			l.Errorf("update %+v", e)
		}
		l.Happened("connected", l.Name())
		evenShare(l, b)
		if w := b.Recent.Short; w != nil && w.Span > l.Since().Seconds() {
			l.Never("%s was added %v ago, and has a window of %v s", b.Name, l.Since(), w.Span)
		}
		l.Quiet("lost", "connect_failed", "unusable")
		l.Traffic()
	},
}

// evenShare checks that the backend gets an equal share of the RPCs, even if it came
// only a moment ago.
func evenShare(l *incidents.Look, b *incidents.Backend) {
	w := b.Recent.Short
	if w == nil || w.Share == nil {
		l.Errorf("%s has no share", b.Name)
		return
	}
	equal := 1 / float64(l.Target().Usable)
	rounded := 2 / (w.Rate * w.Span) // two RPCs
	if *w.Share < equal*(.9-rounded) || *w.Share > equal*(1.1+rounded) {
		l.Errorf("%s has %.4f of the RPCs, want %.4f", b.Name, *w.Share, equal)
	}
}

var removed = incidents.Incident{
	Name: "removed",
	Happens: func(s *incidents.Stage) {
		s.Client.Update(slices.Concat(s.Servers[:s.Culprit], s.Servers[s.Culprit+1:]).State())
	},
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n-1, n-1, 0)
		l.Says("ok", "usable")
		b := l.Is(l.Name(), "gone")
		if b.State != "" || !b.DownSince.IsZero() || !b.UpSince.IsZero() {
			l.Errorf("%s is %s, down since %v, up since %v", b.Name, b.State, b.DownSince, b.UpSince)
		}
		if e := l.Happened("resolver_update", ""); e.Endpoints != n-1 || !slices.Equal(e.Removed, []string{l.Name()}) || e.AddedCount != 0 {
			l.Errorf("update %+v", e)
		}
		l.Quiet("connect_failed", "unusable", "lost")
		l.Traffic()
	},
}

var errResolver = errors.New("no such host")

var resolverDown = incidents.Incident{
	Name:    "resolver down",
	Happens: func(s *incidents.Stage) { s.Client.Resolver.CC().ReportError(errResolver) },
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, n, 0)
		l.Says("warn", "the resolver has been failing for ")
		if e := l.Happened("resolver_error", ""); e.Text != errResolver.Error() {
			l.Errorf("error %+v", e)
		}
		for _, srv := range l.Servers {
			l.Is(srv.Addr, "ok")
		}
		l.Quiet("lost", "connect_failed", "unusable")
		l.Traffic()
	},
	After: func(s *incidents.Stage, shown *incidents.Page) {
		s.Client.Resolver.CC().ReportError(errResolver)
		s.Await("the same error again", func(l *incidents.Look) {
			e, before := l.Happened("resolver_error", ""), shown.Targets[0].Events[0]
			if e.N != 2 || e.First.Sub(before.At).Abs() > l.Doubt()+shown.Doubt() {
				l.Errorf("%d errors since %v, want 2 since %v", e.N, e.First, before.At)
			}
		})
		s.Client.Update(s.Servers.State()) // as before
		s.Await("resolver works again", func(l *incidents.Look) { l.Says("ok") })
	},
}

// In a rolling update new servers replace old ones, some at a time.
var rollingUpdate = incidents.Incident{
	Name: "rolling update",
	Happens: func(s *incidents.Stage) {
		n := len(s.Servers)
		step := max(1, n/4)
		for first := 0; first < n; first += step {
			last := min(first+step, n)
			old := slices.Clone(s.Servers[first:last])
			s.Replace(first, last)
			s.Client.Update(s.Servers.State())
			s.Await("part of a rolling update", func(l *incidents.Look) {
				l.Count(n, n, 0)
				l.Says("ok")
			})
			for _, srv := range old {
				srv.Kill()
			}
		}
	},
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, n, 0)
		l.Says("ok", "usable")
		for _, srv := range l.Servers {
			evenShare(l, l.Is(srv.Addr, "ok"))
		}
		came, went := 0, 0
		for _, e := range l.Target().Events {
			if e.Kind == "resolver_update" && e.At.After(l.Began) {
				came, went = came+e.AddedCount, went+e.RemovedCount
			}
		}
		if came != n || went != n || l.Target().Backends != 2*n {
			l.Errorf("%d endpoints came, %d went, %d are remembered", came, went, l.Target().Backends)
		}
		l.Happened("connected", "")
		l.Quiet("connect_failed", "unusable", "lost")
		l.Traffic()
	},
}
