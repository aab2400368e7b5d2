package fleet

import (
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

// merger collects the pages of the clients.
type merger struct {
	options Options
	targets map[Key]*mergedTarget
	others  map[Key]bool
	events  []Event
}

// mergedTarget is a target that is not complete yet.
type mergedTarget struct {
	Target
	backends map[string]*Backend
	said     []saying
}

// part is what one client has of one target.
type part struct {
	target *mergedTarget
	window *fetch.Window // of the target
	seen   []seen
}

type seen struct {
	backend   *Backend
	page      *fetch.Backend
	window    *fetch.Window // of the backend
	condition Condition
}

// add adds the page of a client, if it has answered.
func (m *merger) add(c poll.Client) Client {
	out := newClient(c)
	if out.State != Answers {
		return out
	}
	times := agesOf(c)
	parts := make(map[Key]*part, len(c.Page.Targets))
	var order []*part
	for i := range c.Page.Targets {
		t := &c.Page.Targets[i]
		k := Key{t.Target, t.Policy}
		if !m.options.selects(k) {
			m.others[k] = true
			continue
		}
		p := m.addTarget(k, t, c.Name)
		parts[k], order = p, append(order, p)
		out.Targets++
		out.add(p.window)
		for j := range t.Events {
			m.events = append(m.events, newEvent(&t.Events[j], k, c.Name, times))
		}
	}
	for i := range c.Page.Backends {
		b := &c.Page.Backends[i]
		if p := parts[Key{b.Target, b.Policy}]; p != nil {
			p.add(b, times, m.options.window(b.Recent))
		}
	}
	for _, p := range order {
		p.share()
		out.Bad = append(out.Bad, p.bad(times)...)
	}
	slices.SortStableFunc(out.Bad, worseBad)
	return out
}

func (m *merger) addTarget(k Key, in *fetch.Target, client string) *part {
	t := m.targets[k]
	if t == nil {
		t = &mergedTarget{Target: Target{Key: k}, backends: make(map[string]*Backend)}
		m.targets[k] = t
	}
	w := m.options.window(in.Recent)
	t.Clients++
	t.Waiting += in.Waiting
	t.said = append(t.said, saying{client, in.Severity, in.Summary})
	switch in.Severity {
	case "bad":
		t.Bad++
	case "warn":
		t.Warned++
	}
	t.add(w)
	return &part{target: t, window: w}
}

// add adds a backend of the client.
func (p *part) add(in *fetch.Backend, times ages, w *fetch.Window) {
	b := p.target.backends[in.Backend]
	if b == nil {
		b = &Backend{Name: in.Backend}
		p.target.backends[in.Backend] = b
	}
	c := conditionOf(in)
	b.add(in, c, times, w)
	p.seen = append(p.seen, seen{b, in, w, c})
}

// share adds what even shares of the client's RPCs would be.
func (p *part) share() {
	usable, sum := 0, 0.0
	for _, s := range p.seen {
		if s.page.Usable > 0 && s.window != nil {
			usable++
			sum += s.window.RPS
		}
	}
	for _, s := range p.seen {
		if s.page.Usable > 0 && s.window != nil {
			s.backend.even += sum / float64(usable)
			s.backend.evenly += s.window.RPS
		}
	}
}

// bad returns what the client cannot use of the target, and counts the client if
// that is everything.
func (p *part) bad(times ages) []Bad {
	var bad []Bad
	usable, present := 0, 0
	for _, s := range p.seen {
		if s.condition != Gone {
			present++
		}
		if s.page.Usable > 0 {
			usable++
		}
		if s.condition == Down || s.condition == Unusable {
			bad = append(bad, Bad{p.target.Key, s.page.Backend, s.condition, times.local(s.page.DownSince)})
		}
	}
	if usable == 0 && present > 0 && len(bad) == present {
		p.target.Without++
		bad = append([]Bad{{Key: p.target.Key}}, bad...)
	}
	return bad
}

// finish completes the target.
func (t *mergedTarget) finish(now time.Time) Target {
	for _, b := range t.backends {
		t.Backends = append(t.Backends, *b)
	}
	slices.SortFunc(t.Backends, worse)
	t.Summary = summarize(&t.Target, t.said, now)
	return t.Target
}
