package balancertest_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// hooked is a policy with SubConns to a:1 and b:1, which is READY from the start of
// a test on. It calls do in one kind of call.
type hooked struct {
	in      string
	do      func()
	listens bool // whether the SubConns have StateListeners
	subs    []balancer.SubConn
	heard   []connectivity.State // of the health of b:1, and then of its state
}

func (*hooked) Name() string { return "hooked" }

func (h *hooked) call(name string) {
	if do := h.do; name == h.in && do != nil {
		h.do = nil // once
		do()
	}
}

func (h *hooked) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	for _, e := range balancertest.Endpoints("a:1", "b:1") {
		var sc balancer.SubConn
		var opts balancer.NewSubConnOptions
		if h.listens {
			opts.StateListener = func(s balancer.SubConnState) { h.changed("StateListener", sc, s) }
		}
		sc, _ = cc.NewSubConn(e.Addresses, opts)
		sc.Connect()
		h.subs = append(h.subs, sc)
	}
	cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready, Picker: fixed{h.subs[1]}})
	return h
}

func (h *hooked) changed(call string, sc balancer.SubConn, s balancer.SubConnState) {
	if sc == h.subs[1] {
		h.heard = append(h.heard, s.ConnectivityState)
		sc.RegisterHealthListener(func(s balancer.SubConnState) { h.heard = append(h.heard, s.ConnectivityState) })
		return
	}
	if s.ConnectivityState == connectivity.Ready {
		sc.RegisterHealthListener(func(balancer.SubConnState) { h.call("health listener") })
	}
	if s.ConnectivityState == connectivity.Connecting {
		h.call(call)
	}
}

func (h *hooked) UpdateSubConnState(sc balancer.SubConn, s balancer.SubConnState) {
	h.changed("UpdateSubConnState", sc, s)
}

func (h *hooked) UpdateClientConnState(balancer.ClientConnState) error {
	h.call("UpdateClientConnState")
	return nil
}

func (h *hooked) ResolverError(error) { h.call("ResolverError") }
func (h *hooked) ExitIdle()           { h.call("ExitIdle") }

func (h *hooked) Close() {
	h.call("Close")
	for _, sc := range h.subs {
		sc.Shutdown()
	}
}

// insideCalls has what makes the channel call a hooked policy.
var insideCalls = map[string]func(*balancertest.ClientConn, *balancertest.Policy){
	"UpdateClientConnState": func(_ *balancertest.ClientConn, p *balancertest.Policy) { _ = p.Update() },
	"ResolverError":         func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.ResolverError(errors.New("x")) },
	"ExitIdle":              func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.ExitIdle() },
	"Close":                 func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.Close() },
	"StateListener":         func(cc *balancertest.ClientConn, _ *balancertest.Policy) { cc.SubConn("a:1").Connecting() },
	"UpdateSubConnState":    func(cc *balancertest.ClientConn, _ *balancertest.Policy) { cc.SubConn("a:1").Connecting() },
	"health listener": func(cc *balancertest.ClientConn, _ *balancertest.Policy) {
		cc.SubConn("a:1").Ready()
		cc.SubConn("a:1").SetHealth(connectivity.Ready, nil)
	},
}

// runInside makes a policy's call in which do runs. It returns the message of the
// failure, if any, and the policy, which is closed. A deadlock ends the test with a
// panic.
func runInside(t *testing.T, call string, do func(*balancertest.ClientConn, *balancertest.Policy)) (string, *hooked) {
	t.Helper()
	h := &hooked{in: call, listens: call != "UpdateSubConnState"}
	var message string
	synctest.Test(t, func(t *testing.T) {
		tb := &misuse{TB: t}
		var running sync.WaitGroup
		running.Go(func() {
			cc := balancertest.NewClientConn(tb)
			cc.SetManualHealth(true)
			p := cc.Build(h)
			defer p.Close() // the channel is usable after a failure
			cc.SubConn("b:1").Ready()
			h.heard = nil
			h.do = func() { do(cc, p) }
			insideCalls[call](cc, p)
		})
		running.Wait()
		message = tb.message
	})
	return message, h
}

func TestSubConnsAndPicksAreUsableInsideEachCall(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*balancertest.ClientConn){
		"SetState":     func(cc *balancertest.ClientConn) { cc.SubConn("b:1").SetState(connectivity.Idle, nil) },
		"SetHealth":    func(cc *balancertest.ClientConn) { cc.SubConn("b:1").SetHealth(connectivity.Idle, nil) },
		"DeliverAfter": func(cc *balancertest.ClientConn) { cc.DeliverAfter(cc.SubConn("b:1").Idle) },
		"RPC": func(cc *balancertest.ClientConn) {
			if _, err := cc.Pick(); err != nil {
				t.Errorf("Pick: %v", err)
			}
			if _, err := cc.RPC(nil); err != nil {
				t.Errorf("RPC: %v", err)
			}
			cc.SubConn("b:1").Idle()
		},
	} {
		for call := range insideCalls {
			t.Run(name+" in "+call, func(t *testing.T) {
				t.Parallel()
				message, h := runInside(t, call, func(cc *balancertest.ClientConn, _ *balancertest.Policy) { do(cc) })
				if message != "" {
					t.Errorf("failure %q, want none", message)
				}
				want := connectivity.Idle
				if name == "SetHealth" && call == "Close" {
					want = connectivity.Shutdown // which ends the health updates
				}
				if len(h.heard) == 0 || h.heard[0] != want {
					t.Errorf("the policy heard %v of b:1, want %v first", h.heard, want)
				}
			})
		}
	}
}

func TestPoliciesCannotBeCalledInsideAnyCall(t *testing.T) {
	t.Parallel()
	for want, do := range map[string]func(*balancertest.ClientConn, *balancertest.Policy){
		"Build: called from": func(cc *balancertest.ClientConn, _ *balancertest.Policy) {
			cc.BuildWithOptions(&hooked{}, balancer.BuildOptions{})
		},
		"UpdateClientConnState: called from": func(_ *balancertest.ClientConn, p *balancertest.Policy) { _ = p.UpdateWithConfig("{}") },
		"ResolverError: called from":         func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.ResolverError(errors.New("x")) },
		"ExitIdle: called from":              func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.ExitIdle() },
		"Close: called from":                 func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.Close() },
	} {
		for call := range insideCalls {
			t.Run(want+" inside "+call, func(t *testing.T) {
				t.Parallel()
				message, h := runInside(t, call, do)
				if !strings.Contains(message, want) {
					t.Errorf("failure %q, want %q", message, want)
				}
				if !h.subs[1].(*balancertest.SubConn).IsShutdown() {
					t.Error("the deferred Close has not closed the policy")
				}
			})
		}
	}
}
