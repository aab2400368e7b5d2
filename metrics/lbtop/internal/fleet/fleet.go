package fleet

import (
	"slices"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

// Options select what a [Fleet] has.
type Options struct {
	Target string // only targets with this text in their name
	Policy string // only this policy; "" for all
	Window Window
}

func (o Options) selects(k Key) bool {
	return strings.Contains(k.Target, o.Target) && (o.Policy == "" || k.Policy == o.Policy)
}

// Window is the stretch of time of rates and latencies.
type Window int

// The windows of the page.
const (
	Short Window = iota // about 10 seconds
	Long                // about a minute
)

// String returns the length.
func (w Window) String() string {
	if w == Long {
		return "1m"
	}
	return "10s"
}

// Key identifies a target under one policy.
type Key struct{ Target, Policy string }

// Fleet is what the clients see together.
type Fleet struct {
	Window  Window
	Clients []Client // as they were given
	Targets []Target // the worst first
	Events  []Event  // the newest first
	Others  []Key    // targets that the options leave out
}

// Target is a target under one policy, as all its clients see it.
type Target struct {
	Key
	Traffic
	Clients  int // that have the target and answer
	Without  int // of these, those that have backends and can use none
	Bad      int // of these, those whose page says that RPCs fail
	Warned   int // of these, those whose page says that something else is wrong
	Waiting  int64
	Backends []Backend // the worst first
	Summary  string
}

// Answered returns how many of the clients answered.
func (f *Fleet) Answered() int {
	n := 0
	for _, c := range f.Clients {
		if c.State == Answers {
			n++
		}
	}
	return n
}

// Well reports whether all clients answer, no backend is down for any of them, and no
// page says that RPCs fail.
func (f *Fleet) Well() bool {
	if f.Answered() < len(f.Clients) {
		return false
	}
	return !slices.ContainsFunc(f.Targets, func(t Target) bool {
		return t.Bad > 0 || slices.ContainsFunc(t.Backends, func(b Backend) bool { return b.Seen[Down] > 0 })
	})
}

// New merges what is known of the clients at the time now.
func New(clients []poll.Client, o Options, now time.Time) *Fleet {
	m := merger{options: o, targets: make(map[Key]*mergedTarget), others: make(map[Key]bool)}
	f := &Fleet{Window: o.Window, Clients: make([]Client, len(clients))}
	for i, c := range clients {
		f.Clients[i] = m.add(c)
	}
	for _, t := range m.targets {
		f.Targets = append(f.Targets, t.finish(now))
	}
	slices.SortFunc(f.Targets, worseTarget)
	for k := range m.others {
		f.Others = append(f.Others, k)
	}
	slices.SortFunc(f.Others, Key.compare)
	f.Events = mergeEvents(m.events)
	return f
}

// ages turns the times of a page into those of this process's clock.
type ages struct{ shift time.Duration }

func agesOf(c poll.Client) ages { return ages{shift: c.At.Sub(c.Page.Time)} }

// local returns the zero time for the zero time.
func (a ages) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(a.shift)
}

// window returns nil if there are no samples.
func (o Options) window(r fetch.Recent) *fetch.Window {
	if o.Window == Long {
		return r.Long
	}
	return r.Short
}

// Pending reports whether a client has neither answered nor failed yet.
func (f *Fleet) Pending() bool {
	return slices.ContainsFunc(f.Clients, func(c Client) bool { return c.State == Asked })
}
