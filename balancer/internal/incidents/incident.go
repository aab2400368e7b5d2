package incidents

import (
	"cmp"
	"testing"
	"time"
)

// Incident is something that goes wrong, or changes.
type Incident struct {
	Name   string
	Policy string // as in a service config; empty for [DefaultPolicy]
	Hidden int    // how many servers, the first ones, the resolver does not know before it happens

	Happens func(*Stage)
	Shows   func(*Look) // checks what the page shows of it
	// After, unless it is nil, goes on once a page has shown the incident. It gets that
	// page.
	After func(*Stage, *Page)
}

// Play plays the incident with n servers.
func Play(t *testing.T, i *Incident, n int) {
	t.Helper()
	s := newStage(t, n, cmp.Or(i.Policy, DefaultPolicy), i.Hidden)
	s.Await("before", func(l *Look) {
		l.Count(n-i.Hidden, n-i.Hidden, 0)
		l.Traffic()
	})
	s.Began = time.Now()
	i.Happens(s)
	var shown *Page
	took := s.Await(i.Name, func(l *Look) {
		if i.Shows(l); len(l.wrong) == 0 {
			l.checkHTML()
		}
		shown = l.Page
	}).Sub(s.Began)
	t.Logf("%s of %d: shown %v after it began; the slowest page took %v: %q",
		i.Name, n, took.Round(time.Millisecond), s.slowest.Round(time.Millisecond), shown.Targets[0].Summary)
	if i.After != nil {
		i.After(s, shown)
	}
}
