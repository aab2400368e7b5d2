package metrics_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// incident is a channel with backends under even load. It looks at the page every two
// seconds. Use it in a synctest bubble.
type incident struct {
	t      *testing.T
	m      *metrics.Metrics
	stub   *stub
	cc     *looseConn
	policy balancer.Balancer
	all    []*played
	seen   livestatus.Status
}

// played is a backend of an incident.
type played struct {
	name string
	sc   balancer.SubConn
	fake *looseSubConn
	down bool // it gets no RPCs
	err  error
	slow bool
}

// tick is how often each backend gets an RPC.
const tick = 500 * time.Millisecond

func newIncident(t *testing.T, n int) *incident {
	t.Helper()
	in := &incident{t: t, m: metrics.New(metrics.WithLatency(), metrics.WithLastRPCErrors()), stub: &stub{}, cc: &looseConn{}}
	in.policy = in.m.Instrument(in.stub).Build(in.cc, balancer.BuildOptions{})
	for range n {
		in.add()
	}
	in.resolve()
	in.run(30 * time.Second)
	return in
}

func (in *incident) add() *played {
	name := fmt.Sprintf("10.0.0.%d:443", len(in.cc.made))
	b := &played{name: name, sc: in.stub.connect(in.t, name)}
	b.fake = in.cc.made[len(in.cc.made)-1]
	b.fake.state(connecting, ready)
	in.all = append(in.all, b)
	return b
}

func (in *incident) remove(i int) *played {
	b := in.all[i]
	b.sc.Shutdown()
	in.all = slices.Delete(in.all, i, i+1)
	return b
}

// resolve sends an update with all backends.
func (in *incident) resolve() {
	var s resolver.State
	for _, b := range in.all {
		s.Endpoints = append(s.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: b.name}}})
	}
	if err := in.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
		in.t.Fatal(err)
	}
}

// run sends RPCs for the time d to all backends that are not down.
func (in *incident) run(d time.Duration) {
	in.t.Helper()
	looked := time.Now()
	for end := time.Now().Add(d); time.Now().Before(end); {
		began := time.Now()
		var fast, slow []func()
		for _, b := range in.all {
			if b.down {
				continue
			}
			in.stub.publish(balancer.PickResult{SubConn: b.sc}, nil)
			res, err := in.cc.picker.Pick(balancer.PickInfo{})
			if err != nil {
				in.t.Fatal(err)
			}
			done := func() { res.Done(balancer.DoneInfo{Err: b.err, BytesSent: true, BytesReceived: true}) }
			if b.slow {
				slow = append(slow, done)
				continue
			}
			fast = append(fast, done)
		}
		time.Sleep(2 * time.Millisecond)
		for _, done := range fast {
			done()
		}
		time.Sleep(68 * time.Millisecond)
		for _, done := range slow {
			done()
		}
		time.Sleep(tick - time.Since(began))
		if time.Since(looked) >= 2*time.Second {
			looked = time.Now()
			in.look()
		}
	}
	in.look()
}

func (in *incident) look() { in.seen = only(in.t, in.m) }

func (in *incident) status(name string) livestatus.Backend {
	in.t.Helper()
	for _, b := range in.seen.Backends {
		if b.Name == name {
			return b
		}
	}
	in.t.Fatalf("no backend %s", name)
	return livestatus.Backend{}
}

// wantEvent checks the newest event of the kind, and returns it.
func (in *incident) wantEvent(kind livestatus.EventKind, backend, text string, ago time.Duration) livestatus.Event {
	in.t.Helper()
	for _, e := range in.seen.Events {
		if e.Kind != kind {
			continue
		}
		if age := time.Since(e.At); e.Backend != backend || e.Text != text || (age-ago).Abs() > 300*time.Millisecond {
			in.t.Errorf("the last %s is of %q, %q, %v ago, want %q, %q, %v", kind, e.Backend, e.Text, age, backend, text, ago)
		}
		return e
	}
	in.t.Errorf("no event %s", kind)
	return livestatus.Event{}
}

func rate(n uint64, w livestatus.Window) float64 { return float64(n) / w.Span.Seconds() }

// wantRates checks the RPCs and errors per second of all backends in the short window.
func (in *incident) wantRates(want func(b *played) (rps, errors float64)) {
	in.t.Helper()
	total := 0.0
	for _, b := range in.all {
		rps, failed := want(b)
		w := in.status(b.name).Recent.Short
		total += rps * w.Span.Seconds() / in.seen.Recent.Short.Span.Seconds()
		if got := rate(w.Ended, w); !near(got, rps) {
			in.t.Errorf("%s: %v RPCs per second, want %v", b.name, got, rps)
		}
		if got := rate(w.Failed, w); !near(got, failed) {
			in.t.Errorf("%s: %v errors per second, want %v", b.name, got, failed)
		}
	}
	if got := rate(in.seen.Recent.Short.Ended, in.seen.Recent.Short); !near(got, total) {
		in.t.Errorf("all: %v RPCs per second, want %v", got, total)
	}
}

func near(got, want float64) bool { return math.Abs(got-want) <= .1*want }
