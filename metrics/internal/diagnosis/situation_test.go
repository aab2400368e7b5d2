package diagnosis_test

import (
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
)

const (
	ready        = connectivity.Ready
	connecting   = connectivity.Connecting
	idle         = connectivity.Idle
	failure      = connectivity.TransientFailure
	noSubchannel = statustest.NoSubchannel
)

// Names for tables.
var (
	even       = statustest.Even
	with       = statustest.With
	open       = statustest.Open
	is         = statustest.Is
	downFor    = statustest.DownFor
	isUnusable = statustest.IsUnusable
	fails      = statustest.Fails
	takes      = statustest.Takes
	gets       = statustest.Gets
)

func diagnose(st livestatus.Status) *diagnosis.Report {
	return diagnosis.New(st, statustest.Now, &diagnosis.Memory{})
}

// unasked returns a backend that nobody has asked for anything in the last minute.
func unasked(name string) livestatus.Backend {
	b := statustest.Backend(name, ready)
	b.Recent = statustest.Traffic(0, 0)
	return b
}

// justSeen returns two backends that are known for so long, and got nothing.
func justSeen(d time.Duration) []livestatus.Backend {
	backends := []livestatus.Backend{unasked("a"), unasked("b")}
	for i := range backends {
		backends[i].Recent = livestatus.Recent{Short: livestatus.Window{Span: d}}
	}
	return backends
}

func since(d time.Duration) statustest.Change {
	return func(b *livestatus.Backend) { b.Since = statustest.Now.Add(-d) }
}

func reconnects(b *livestatus.Backend) { b.State = connecting }

func lostAndIdle(b *livestatus.Backend) {
	is(idle)(b)
	b.DownSince = statustest.HourAgo
}

func downAll(backends []livestatus.Backend, n int, d time.Duration) []livestatus.Backend {
	for i := range n {
		with(backends, i, downFor(d))
	}
	return backends
}

// hasFailed makes n attempts of the last minute fail.
func hasFailed(n uint64) statustest.Change {
	return func(b *livestatus.Backend) { b.Recent.Long.Failed = n }
}

// estimated returns backends that were looked at ten times, when so many attempts were in
// flight together. They are no streams.
func estimated(seen ...uint32) []livestatus.Backend {
	backends := even(len(seen))
	for i, n := range seen {
		for _, w := range []*livestatus.Window{&backends[i].Recent.Short, &backends[i].Recent.Long} {
			mean := time.Duration(float64(n) / 10 / float64(w.Ended) * float64(w.Span))
			w.Latency = livestatus.Latency{Estimated: true, Mean: mean, Looks: 10, Seen: n, Telling: n}
		}
	}
	return backends
}

// getsNow gives the backend the rate in the short window, and the average in the long.
func getsNow(rate, average uint64) statustest.Change {
	return func(b *livestatus.Backend) {
		b.Recent.Short.Picks, b.Recent.Long.Picks = 10*rate, 60*average
	}
}

func cameUp(ago time.Duration) statustest.Change {
	return func(b *livestatus.Backend) { b.UpSince = statustest.Now.Add(-ago) }
}

// unknown takes the windows away.
func unknown(backends []livestatus.Backend) []livestatus.Backend {
	for i := range backends {
		backends[i].Recent = livestatus.Recent{}
	}
	return backends
}

func channelIn(state connectivity.State) livestatus.Status {
	return livestatus.Status{Instances: []livestatus.Instance{{State: state, Since: statustest.HourAgo}}}
}

func waiting(st livestatus.Status, n int64) livestatus.Status {
	st.Waiting = n
	return st
}

func failingResolver(st livestatus.Status) livestatus.Status {
	st.Events = []livestatus.Event{
		{At: statustest.Now.Add(-2 * time.Second), Kind: livestatus.ResolverError, N: 1, Text: "no such host"},
		{At: statustest.Now.Add(-time.Minute), Kind: livestatus.InstanceState, N: 1, Text: "CONNECTING"},
		{At: statustest.Now.Add(-2 * time.Minute), Kind: livestatus.ResolverError, N: 1, Text: "no such host"},
		{At: statustest.HourAgo, Kind: livestatus.ResolverUpdate, N: 1, Endpoints: 3},
		{At: statustest.HourAgo, Kind: livestatus.ResolverError, N: 1, Text: "no such host"},
	}
	return st
}

// failingAgain has one event for all errors since an hour ago.
func failingAgain(st livestatus.Status) livestatus.Status {
	st.Events = []livestatus.Event{{At: statustest.Now.Add(-time.Second), First: statustest.HourAgo, Kind: livestatus.ResolverError, N: 60, Text: "no such host"}}
	return st
}

func resolved(st livestatus.Status) livestatus.Status {
	update := livestatus.Event{At: statustest.Now.Add(-time.Second), Kind: livestatus.ResolverUpdate, N: 1, Endpoints: 3}
	st.Events = append([]livestatus.Event{update}, st.Events...)
	return st
}
