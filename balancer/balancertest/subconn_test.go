package balancertest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// capturing is a policy that lets a test see its SubConn, and the order of the
// calls that it gets.
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

// buildCapturing builds a capturing policy, which has asked its SubConn to connect.
// The policy closes with the test.
func buildCapturing(t *testing.T) (*balancertest.ClientConn, *capturing, *balancertest.SubConn) {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	c := &capturing{}
	p := cc.Build(c)
	t.Cleanup(p.Close)
	if err := p.Update(); err != nil {
		t.Fatalf("update: %v", err)
	}
	return cc, c, cc.SubConn("a:1")
}

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
	sc.Idle() // not delivered: the SubConn is shut down
	want := []string{"build for dns:///name:1", "CONNECTING", "READY", "end of READY", "SHUTDOWN"}
	if !slices.Equal(c.events, want) {
		t.Errorf("events %q, want %q", c.events, want)
	}
	if !sc.IsShutdown() || sc.State() != connectivity.Shutdown {
		t.Errorf("SubConn: shut down %v, state %v", sc.IsShutdown(), sc.State())
	}
	p.Close()
}

func TestDeliverAfterTellsOfSubConnsThatWereShutDown(t *testing.T) {
	t.Parallel()
	cc, c, sc := buildCapturing(t)
	c.onConn = func(s balancer.SubConnState) {
		if s.ConnectivityState == connectivity.Connecting {
			c.sc.Shutdown()
		}
	}
	cc.DeliverAfter(func() {
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
			cc, c, sc := buildCapturing(t)
			cc.SetManualHealth(manual)
			var heard []string
			register := func(balancer.SubConnState) {
				c.sc.RegisterHealthListener(func(s balancer.SubConnState) { heard = append(heard, s.ConnectivityState.String()) })
			}
			c.onConn = register
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
