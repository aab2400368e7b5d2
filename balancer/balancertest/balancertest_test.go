package balancertest_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDrivesGRPCsOwnPolicies shows that the fakes are enough for policies that
// know nothing of them.
func TestDrivesGRPCsOwnPolicies(t *testing.T) {
	t.Parallel()
	connecting, failure, ready := connectivity.Connecting, connectivity.TransientFailure, connectivity.Ready
	for name, want := range map[string][]connectivity.State{
		pickfirst.Name:  {connecting, failure, ready},
		roundrobin.Name: {connecting, failure, connecting, ready}, // CONNECTING until the first health update
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			p := cc.Build(balancer.Get(name))
			if err := p.Update(balancertest.Endpoints("a:1")...); err != nil {
				t.Fatalf("update: %v", err)
			}
			a := cc.SubConn("a:1")
			a.Connecting()
			if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
				t.Errorf("pick while connecting: %v, want to be queued", err)
			}
			a.Fail(errors.New("refused"))
			if _, err := cc.Pick(); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("pick after a failure: %v, want the cause", err)
			}
			a.Idle()
			a.Ready()
			if sc, err := cc.RPC(nil); err != nil || sc != a {
				t.Errorf("RPC = %v, %v, want %v", sc, err, a)
			}
			if got := slices.Compact(cc.States()); !slices.Equal(got, want) {
				t.Errorf("states %v, want %v", got, want)
			}
			p.Close()
			if live := cc.Live(); len(live) != 0 {
				t.Errorf("live after Close: %v", live)
			}
		})
	}
}

// capturing is a policy whose SubConn, listener calls and order of calls a test
// looks at.
type capturing struct {
	balancer.Balancer
	cc     balancer.ClientConn
	sc     balancer.SubConn
	events []string
	inCall bool
	onConn func(balancer.SubConnState)
}

func (c *capturing) Name() string { return "capturing" }

func (c *capturing) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	c.cc = cc
	c.events = append(c.events, "build for "+opts.Target.String())
	return c
}

func (c *capturing) UpdateClientConnState(balancer.ClientConnState) error {
	c.inCall = true
	defer func() { c.inCall = false }()
	c.sc, _ = c.cc.NewSubConn([]resolver.Address{{Addr: "a:1"}}, balancer.NewSubConnOptions{StateListener: c.listen})
	c.sc.Connect()
	return nil
}

func (c *capturing) listen(s balancer.SubConnState) {
	if c.inCall {
		c.events = append(c.events, "a call during another")
	}
	c.inCall = true
	defer func() { c.inCall = false }()
	c.events = append(c.events, s.ConnectivityState.String())
	if c.onConn != nil {
		c.onConn(s)
	}
}

func (c *capturing) Close() { c.sc.Shutdown() }

func TestShutdownIsHeardAfterTheCall(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	c := &capturing{}
	p := cc.BuildWithTarget(c, "dns:///name:1")
	if err := p.Update(); err != nil {
		t.Fatalf("update: %v", err)
	}
	sc := cc.SubConn("a:1")
	c.onConn = func(s balancer.SubConnState) {
		if s.ConnectivityState == connectivity.Ready {
			c.sc.Shutdown()
			c.events = append(c.events, "end of READY")
		}
	}
	sc.Ready()
	sc.Idle() // nothing is heard of a SubConn that is shut down
	want := []string{"build for dns:///name:1", "CONNECTING", "READY", "end of READY", "SHUTDOWN"}
	if !slices.Equal(c.events, want) {
		t.Errorf("events %q, want %q", c.events, want)
	}
	if !sc.IsShutdown() || sc.State() != connectivity.Shutdown {
		t.Errorf("SubConn: shut down %v, state %v", sc.IsShutdown(), sc.State())
	}
	p.Close()
}

func TestTogetherTellsOfSubConnsThatWereShutDown(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	c := &capturing{}
	p := cc.Build(c)
	defer p.Close()
	if err := p.Update(); err != nil {
		t.Fatalf("update: %v", err)
	}
	sc := cc.SubConn("a:1")
	c.onConn = func(s balancer.SubConnState) {
		if s.ConnectivityState == connectivity.Connecting {
			c.sc.Shutdown()
		}
	}
	cc.Together(func() {
		sc.Connecting()
		sc.Ready()
		if n := len(c.events); n != 1 {
			t.Errorf("events before the end: %q", c.events)
		}
	})
	if want := []string{"CONNECTING", "READY", "SHUTDOWN"}; !slices.Equal(c.events[1:], want) {
		t.Errorf("events %q, want %q", c.events[1:], want)
	}
}

func TestHealthListener(t *testing.T) {
	t.Parallel()
	for _, manual := range []bool{false, true} {
		t.Run(fmt.Sprint("manual ", manual), func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			cc.SetManualHealth(manual)
			c := &capturing{}
			p := cc.Build(c)
			defer p.Close()
			if err := p.Update(); err != nil {
				t.Fatalf("update: %v", err)
			}
			var heard []string
			register := func(balancer.SubConnState) {
				c.sc.RegisterHealthListener(func(s balancer.SubConnState) { heard = append(heard, s.ConnectivityState.String()) })
			}
			c.onConn = register
			sc := cc.SubConn("a:1")
			sc.Connecting() // not READY: the registration has no effect
			if sc.SetHealth(connectivity.Ready, nil) {
				t.Error("a health listener was registered before READY")
			}
			sc.Ready()
			sc.SetHealth(connectivity.TransientFailure, errors.New("sick"))
			c.onConn = nil
			sc.Idle()
			if sc.SetHealth(connectivity.Ready, nil) {
				t.Error("the health listener outlived READY")
			}
			want := []string{"READY", "TRANSIENT_FAILURE"}
			if manual {
				want = want[1:]
			}
			if !slices.Equal(heard, want) {
				t.Errorf("health updates %q, want %q", heard, want)
			}
		})
	}
}

func TestRecordsWhatThePolicyDoes(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	if s := cc.State(); s.ConnectivityState != connectivity.Connecting {
		t.Errorf("state before any report: %v, want CONNECTING", s.ConnectivityState)
	}
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick before any report: %v, want to be queued", err)
	}
	refused := errors.New("refused")
	cc.FailNewSubConn(refused)
	if _, err := cc.NewSubConn(balancertest.Endpoint("a:1").Addresses, balancer.NewSubConnOptions{}); !errors.Is(err, refused) {
		t.Errorf("NewSubConn: %v, want %v", err, refused)
	}
	cc.FailNewSubConn(nil)
	if _, err := cc.NewSubConn(nil, balancer.NewSubConnOptions{}); err == nil {
		t.Error("NewSubConn without addresses: no error")
	}
	made, err := cc.NewSubConn(balancertest.Endpoint("a:1", "a:2").Addresses, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatalf("NewSubConn: %v", err)
	}
	sc := cc.SubConn("a:1")
	made.Connect()
	made.Connect()
	if sc.ConnectCalls() != 2 || !sc.Wanted() {
		t.Errorf("Connect calls: %d, wanted: %v", sc.ConnectCalls(), sc.Wanted())
	}
	cc.UpdateAddresses(made, balancertest.Endpoint("b:1").Addresses)
	if sc.Addr() != "b:1" || len(sc.Addresses()) != 1 {
		t.Errorf("addresses after an update: %v", sc.Addresses())
	}
	cc.ResolveNow(resolver.ResolveNowOptions{})
	if cc.ResolveNowCalls() != 1 {
		t.Errorf("ResolveNow calls: %d, want 1", cc.ResolveNowCalls())
	}
	if got := cc.Target(); got != balancertest.Target {
		t.Errorf("target = %q, want %q", got, balancertest.Target)
	}
	cc.UpdateState(balancer.State{})
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick with a nil picker: %v, want to be queued", err)
	}
	cc.RemoveSubConn(made)
	if len(cc.Live()) != 0 || len(cc.SubConns()) != 1 {
		t.Errorf("after removal: live %v of %v", cc.Live(), cc.SubConns())
	}
	if cc.MetricsRecorder() == nil {
		t.Error("no metrics recorder")
	}
}

// donePicker chooses one SubConn and notes how its RPCs end.
type donePicker struct {
	sc    balancer.SubConn
	ended []balancer.DoneInfo
}

func (p *donePicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.sc, Done: func(i balancer.DoneInfo) { p.ended = append(p.ended, i) }}, nil
}

func TestRPCsEndAsInGRPC(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	c := &capturing{}
	p := cc.Build(c)
	defer p.Close()
	if err := p.Update(); err != nil {
		t.Fatalf("update: %v", err)
	}
	sc := cc.SubConn("a:1")
	picker := &donePicker{sc: sc}
	cc.UpdateState(balancer.State{Picker: picker})
	if got, err := cc.RPC(nil); got != nil || !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("RPC on a SubConn that is not READY = %v, %v, want to be queued", got, err)
	}
	sc.Ready()
	refused := errors.New("refused")
	for _, end := range []error{nil, refused} {
		if got, err := cc.RPC(end); got != sc || err != nil {
			t.Errorf("RPC = %v, %v, want %v", got, err, sc)
		}
	}
	want := []balancer.DoneInfo{{}, {BytesSent: true, BytesReceived: true}, {Err: refused, BytesSent: true, BytesReceived: true}}
	if !slices.EqualFunc(picker.ended, want, func(a, b balancer.DoneInfo) bool {
		return a.Err == b.Err && a.BytesSent == b.BytesSent && a.BytesReceived == b.BytesReceived
	}) {
		t.Errorf("the RPCs ended with %+v, want %+v", picker.ended, want)
	}
}

// misuse is a testing.TB that notes the failure that a test expects.
type misuse struct {
	testing.TB
	message string
}

func (m *misuse) Helper() {}

func (m *misuse) Fatalf(format string, args ...any) {
	m.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

type nilBuilder struct{}

func (nilBuilder) Name() string { return "nil" }

func (nilBuilder) Build(balancer.ClientConn, balancer.BuildOptions) balancer.Balancer { return nil }

func TestImpossibleEventsFailTheTest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do   func(*balancertest.ClientConn, *balancertest.Policy, *balancertest.SubConn)
		want string
	}{
		"READY without CONNECTING": {
			do: func(_ *balancertest.ClientConn, _ *balancertest.Policy, a *balancertest.SubConn) {
				a.SetState(connectivity.Ready, nil)
			},
			want: "gRPC cannot go from IDLE to READY (Connect called: true)",
		},
		"CONNECTING without Connect": {
			do: func(_ *balancertest.ClientConn, _ *balancertest.Policy, a *balancertest.SubConn) {
				a.Ready()
				a.Idle()
				a.Connecting()
			},
			want: "gRPC cannot go from IDLE to CONNECTING (Connect called: false)",
		},
		"TRANSIENT_FAILURE after READY": {
			do: func(_ *balancertest.ClientConn, _ *balancertest.Policy, a *balancertest.SubConn) {
				a.Ready()
				a.Fail(errors.New("x"))
			},
			want: "gRPC cannot go from READY to TRANSIENT_FAILURE",
		},
		"no such SubConn": {
			do: func(cc *balancertest.ClientConn, _ *balancertest.Policy, _ *balancertest.SubConn) {
				cc.SubConn("z:1")
			},
			want: `find SubConn to "z:1": 0 of them, want 1`,
		},
		"bad config": {
			do: func(_ *balancertest.ClientConn, p *balancertest.Policy, _ *balancertest.SubConn) {
				_ = p.UpdateWithConfig(`{"shuffleAddressList": 1}`)
			},
			want: "parse config of pick_first: ",
		},
		"a builder that returns nil": {
			do: func(cc *balancertest.ClientConn, _ *balancertest.Policy, _ *balancertest.SubConn) {
				cc.Build(nilBuilder{})
			},
			want: "build nil: its builder returned nil",
		},
		"bad target": {
			do: func(cc *balancertest.ClientConn, _ *balancertest.Policy, _ *balancertest.SubConn) {
				cc.BuildWithTarget(&capturing{}, ":")
			},
			want: `parse target ":"`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb := &misuse{TB: t}
			var running sync.WaitGroup
			running.Go(func() {
				cc := balancertest.NewClientConn(tb)
				p := cc.Build(balancer.Get(pickfirst.Name))
				if err := p.Update(balancertest.Endpoints("a:1")...); err != nil {
					t.Errorf("update: %v", err)
				}
				test.do(cc, p, cc.SubConn("a:1"))
			})
			running.Wait()
			if !strings.Contains(tb.message, test.want) {
				t.Errorf("failure %q, want %q", tb.message, test.want)
			}
		})
	}
}

func TestUpdateWithConfig(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	pickFirst := cc.Build(balancer.Get(pickfirst.Name))
	defer pickFirst.Close()
	if err := pickFirst.UpdateWithConfig(`{"shuffleAddressList": true}`, balancertest.Endpoint("a:1")); err != nil {
		t.Errorf("update of a policy with a parser: %v", err)
	}
	withoutParser := cc.Build(struct{ balancer.Builder }{&capturing{}})
	defer withoutParser.Close()
	if err := withoutParser.UpdateWithConfig(`{}`); err != nil {
		t.Errorf("update of a policy without a parser: %v", err)
	}
}

func TestResolverStateFillsAddresses(t *testing.T) {
	t.Parallel()
	s := balancertest.ResolverState(balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1"))
	var addrs []string
	for _, a := range s.Addresses {
		addrs = append(addrs, a.Addr)
	}
	if want := []string{"a:1", "a:2", "b:1"}; !slices.Equal(addrs, want) || len(s.Endpoints) != 2 {
		t.Errorf("addresses %v of %d endpoints, want %v of 2", addrs, len(s.Endpoints), want)
	}
}
