package balancertest_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestASubConnWithoutListenerIsHeardOfThroughItsPolicy(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	a, b, c := &scripted{name: "a:1"}, &scripted{name: "b:1"}, &scripted{name: "c:1", listens: true}
	var last *balancertest.Policy
	for _, s := range []*scripted{a, b, c} {
		last = cc.Build(s)
		defer last.Close()
	}
	for _, s := range []*scripted{a, b, c} {
		cc.SubConn(s.name).Ready()
	}
	cc.SubConn("b:1").Idle()
	b.sc.Shutdown()
	cc.SubConn("c:1").Idle() // SHUTDOWN comes with the next call
	a.wantHeard(t, "CONNECTING", "READY")
	b.wantHeard(t, "CONNECTING", "READY", "IDLE", "SHUTDOWN")
	c.wantHeard(t, "CONNECTING", "READY", "IDLE")
	c.sc.Shutdown()
	last.ExitIdle()
	c.wantHeard(t, "CONNECTING", "READY", "IDLE", "SHUTDOWN", "exit idle")
}

// As in gRPC, which drops a policy that it has closed.
func TestNothingIsHeardWithoutListenerAfterClose(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	a := &scripted{name: "a:1"}
	cc.Build(a).Close()
	a.wantHeard(t)
	if !cc.SubConns()[0].IsShutdown() {
		t.Error("the SubConn is not shut down")
	}
	alone, err := cc.NewSubConn(balancertest.Endpoint("b:1").Addresses, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatalf("NewSubConn: %v", err)
	}
	alone.Connect()
	cc.SubConn("b:1").Ready() // has no policy to go to
}

// A test may wrap a SubConn, and change its state inside Connect.
func TestAStateChangeFromInsideACallFollowsIt(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{0, 500} { // stack frames between the call and the change
		cc := balancertest.NewClientConn(t)
		s := &scripted{name: "a:1", listens: true}
		p := cc.Build(s)
		s.onUpdate = func() error {
			deep(depth, func() {
				cc.DeliverAfter(cc.SubConn("a:1").Ready)
				cc.SubConn("a:1").SetHealth(connectivity.Ready, nil)
			})
			s.heard = append(s.heard, "end of update")
			return nil
		}
		s.onSubConn = func(state connectivity.State) {
			if state == connectivity.Ready {
				cc.SubConn("a:1").Idle()
				s.heard = append(s.heard, "end of READY")
			}
		}
		if err := p.Update(); err != nil {
			t.Errorf("update: %v", err)
		}
		s.wantHeard(t, "update", "end of update", "CONNECTING", "READY", "end of READY", "IDLE")
		p.Close()
	}
}

func deep(n int, do func()) {
	if n == 0 {
		do()
		return
	}
	deep(n-1, do)
}

func TestAnotherChannelsSubConnIsDrivenAtOnceFromInsideACall(t *testing.T) {
	t.Parallel()
	one, other := balancertest.NewClientConn(t), balancertest.NewClientConn(t)
	a, b := &scripted{name: "a:1"}, &scripted{name: "b:1"}
	p, q := one.Build(a), other.Build(b)
	defer p.Close()
	defer q.Close()
	a.onUpdate = func() error {
		other.SubConn("b:1").Ready()
		b.wantHeard(t, "CONNECTING", "READY")
		return q.Update()
	}
	if err := p.Update(); err != nil {
		t.Errorf("update: %v", err)
	}
	b.wantHeard(t, "CONNECTING", "READY", "update")
}

func TestAPolicyCalledFromInsideItsOwnCallFailsTheTest(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*balancertest.ClientConn, *balancertest.Policy){
		"UpdateClientConnState": func(_ *balancertest.ClientConn, p *balancertest.Policy) { _ = p.Update() },
		"ResolverError":         func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.ResolverError(errors.New("x")) },
		"ExitIdle":              func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.ExitIdle() },
		"Close":                 func(_ *balancertest.ClientConn, p *balancertest.Policy) { p.Close() },
		"Build":                 func(cc *balancertest.ClientConn, _ *balancertest.Policy) { cc.Build(&scripted{name: "b:1"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb := &misuse{TB: t}
			s := &scripted{name: "a:1", listens: true}
			var running sync.WaitGroup
			running.Go(func() {
				cc := balancertest.NewClientConn(tb)
				p := cc.Build(s)
				defer p.Close()
				s.onUpdate = func() error {
					call(cc, p)
					return nil
				}
				_ = p.Update()
			})
			running.Wait()
			if want := "balancertest: " + name + ": called from inside a call of the policy"; !strings.HasPrefix(tb.message, want) {
				t.Errorf("failure %q, want %q", tb.message, want)
			}
			s.wantHeard(t, "update", "SHUTDOWN") // the deferred Close still works
		})
	}
}

// A state change on another goroutine waits for the end of the call, so that the
// policy has handled it when the method returns.
func TestAStateChangeWaitsForACallOnAnotherGoroutine(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	s := &scripted{name: "a:1", listens: true}
	p := cc.Build(s)
	defer p.Close()
	var driving sync.WaitGroup
	defer driving.Wait()
	s.onUpdate = func() error {
		started := make(chan struct{})
		driving.Go(func() {
			close(started)
			cc.SubConn("a:1").Connecting()
			s.wantHeard(t, "update", "end of update", "CONNECTING")
		})
		<-started
		for range 1000 {
			runtime.Gosched()
		}
		s.heard = append(s.heard, "end of update")
		return nil
	}
	if err := p.Update(); err != nil {
		t.Errorf("update: %v", err)
	}
}

func TestPoliciesAnswerInsideDeliverAfter(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	s := &scripted{name: "a:1"}
	p := cc.Build(s)
	defer p.Close()
	refused := errors.New("refused")
	s.onUpdate = func() error { return refused }
	cc.DeliverAfter(func() {
		cc.SubConn("a:1").Connecting()
		if err := p.Update(); !errors.Is(err, refused) {
			t.Errorf("update inside DeliverAfter: error %v, want the policy's", err)
		}
		cc.DeliverAfter(cc.SubConn("a:1").Ready)
		p.ExitIdle()
		p.ResolverError(refused)
		s.wantHeard(t, "update", "exit idle", "error")
	})
	s.wantHeard(t, "update", "exit idle", "error", "CONNECTING", "READY")
}

func TestDeliverAfterEndsWhenItsFunctionDoesNotReturn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(testing.TB){
		"test ends": func(tb testing.TB) { tb.Fatalf("the first message") },
		"panic":     func(testing.TB) { panic("the first message") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb := &misuse{TB: t}
			s := &scripted{name: "a:1"}
			var running sync.WaitGroup
			running.Go(func() {
				cc := balancertest.NewClientConn(tb)
				p := cc.Build(s)
				defer func() {
					if r := recover(); r != nil {
						tb.message = fmt.Sprint(r)
					}
					if err := p.Update(); err != nil {
						t.Errorf("update: %v", err)
					}
					cc.SubConn("a:1").Idle()
				}()
				cc.DeliverAfter(func() {
					cc.SubConn("a:1").Ready()
					end(tb)
				})
			})
			running.Wait()
			if tb.message != "the first message" {
				t.Errorf("failure %q, want the first message", tb.message)
			}
			s.wantHeard(t, "update", "IDLE") // READY was queued, and dropped
		})
	}
}
