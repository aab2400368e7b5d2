package compose_test

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
)

func testUpdateAddressesOfClientConn(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	p.child.cc.UpdateAddresses(sc, addr2)
	p.cc.want(t, "new SubConn to a:1", "update addresses of a:1 to b:1")
}

func testUpdateAddressesOfSubConn(t *testing.T, p passing) {
	p.child.newSubConn(t, "a:1").UpdateAddresses(addr2)
	p.cc.want(t, "new SubConn to a:1", "a:1: update addresses to b:1")
}

type producers struct{ subConn any }

func (b *producers) Build(conn any) (balancer.Producer, func()) {
	b.subConn = conn
	return "producer", func() {}
}

func testProducer(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	b := &producers{}
	if got, _ := sc.GetOrBuildProducer(b); got != "producer" {
		t.Errorf("producer %v, want the built one", got)
	}
	if _, ok := b.subConn.(*subConn); !ok {
		t.Errorf("the producer was built with a %T, want the channel's SubConn", b.subConn)
	}
}

func testHealthListener(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	inner := grpcSubConn(t, p, sc)
	inner.listener(balancer.SubConnState{ConnectivityState: connectivity.Ready})
	var got balancer.SubConnState
	sc.RegisterHealthListener(func(s balancer.SubConnState) { got = s })
	inner.health(balancer.SubConnState{ConnectivityState: connectivity.TransientFailure, ConnectionError: errTest})
	if got.ConnectivityState != connectivity.TransientFailure || got.ConnectionError != errTest {
		t.Errorf("health %v, want TRANSIENT_FAILURE with its error", got)
	}
	sc.RegisterHealthListener(nil)
	p.cc.want(t, "new SubConn to a:1", "a:1: health listener, nil: false", "a:1: health listener, nil: true")
}

func testStateListener(t *testing.T, p passing) {
	var got []balancer.SubConnState
	sc, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{StateListener: func(s balancer.SubConnState) { got = append(got, s) }})
	if err != nil {
		t.Fatal(err)
	}
	inner := grpcSubConn(t, p, sc)
	want := []balancer.SubConnState{
		{ConnectivityState: connectivity.Connecting},
		{ConnectivityState: connectivity.TransientFailure, ConnectionError: errTest},
		{ConnectivityState: connectivity.Shutdown},
	}
	for _, s := range want {
		inner.listener(s)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the listener got %v, want %v", got, want)
	}
	p.child.want(t) // and UpdateSubConnState nothing
}

func testUpdateSubConnState(t *testing.T, p passing) {
	sc, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	grpcSubConn(t, p, sc).listener(balancer.SubConnState{ConnectivityState: connectivity.Connecting})
	p.child.want(t, "child 0: SubConn CONNECTING")
	if p.child.lastSubConn != sc {
		t.Errorf("UpdateSubConnState got %v, want the child's SubConn", p.child.lastSubConn)
	}
}

func testSubConnOptions(t *testing.T, p passing) {
	sc, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{HealthCheckEnabled: true})
	if err != nil {
		t.Fatal(err)
	}
	if !grpcSubConn(t, p, sc).opts.HealthCheckEnabled {
		t.Error("HealthCheckEnabled is not passed on")
	}
}

func testConnectAndShutdown(t *testing.T, p passing) {
	sc := p.child.newSubConn(t, "a:1")
	sc.Connect()
	sc.Shutdown()
	p.cc.want(t, "new SubConn to a:1", "connect a:1", "shut down a:1")
	p.policy.Close()
	p.cc.want(t) // it is not shut down again
}

func testRemoveSubConn(t *testing.T, p passing) {
	p.child.cc.RemoveSubConn(p.child.newSubConn(t, "a:1"))
	got := p.cc.take()
	if len(got) != 2 || got[1] != "shut down a:1" {
		t.Errorf("calls %q, want a shutdown of the SubConn", got)
	}
}

func testNewSubConnError(t *testing.T, p passing) {
	p.cc.FailNewSubConn(errTest)
	if _, err := p.child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{}); err != errTest {
		t.Errorf("error %v, want the channel's", err)
	}
}

func testOthers(t *testing.T, p passing) {
	p.child.cc.ResolveNow(resolver.ResolveNowOptions{})
	p.cc.want(t, "resolve now")
	if got := p.child.cc.Target(); got != "the target" {
		t.Errorf("target %q", got)
	}
	if p.child.cc.MetricsRecorder() == nil {
		t.Error("no MetricsRecorder")
	}
}

func testResolverErrorAndExitIdle(t *testing.T, p passing) {
	p.policy.ResolverError(errTest)
	p.policy.ExitIdle()
	p.child.want(t, "child 0: resolver error test error", "child 0: exit idle")
	p.cc.want(t) // nothing was said
}

func testUpdate(t *testing.T, p passing) {
	want := balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.WithAttribute(balancertest.Endpoint("c:1", "d:1"), "k", "v"))}
	want.ResolverState.Attributes = want.ResolverState.Attributes.WithValue("all", 1)
	p.child.err = balancer.ErrBadResolverState
	if err := p.policy.UpdateClientConnState(want); err != balancer.ErrBadResolverState {
		t.Errorf("error %v, want the child's", err)
	}
	if got := p.child.update; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("update %v, want %v", got, want)
	}
}

func testBuildOptions(t *testing.T, p passing) {
	if p.child.opts.Authority != "authority" {
		t.Errorf("build options %+v, want those of the policy", p.child.opts)
	}
}

func testStates(t *testing.T, p passing) {
	for _, s := range []connectivity.State{connectivity.Connecting, connectivity.Ready, connectivity.Ready, connectivity.Idle, connectivity.TransientFailure} {
		p.child.report(s, failingWith(balancer.ErrNoSubConnAvailable))
	}
	p.cc.want(t, "state CONNECTING", "state READY", "state READY", "state IDLE", "state TRANSIENT_FAILURE")
}

func testString(t *testing.T, p passing) {
	if got := fmt.Sprint(p.child.newSubConn(t, "a:1")); got != "a:1" {
		t.Errorf("%q, want the channel's name of it", got)
	}
}

func TestAnErrorOfAnUpdateIsTheChilds(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{})
	p.children.only(t).err = errTest
	if err := p.policy.UpdateClientConnState(balancer.ClientConnState{}); err != errTest {
		t.Errorf("error %v, want the child's itself", err)
	}
}

// grpcSubConn returns the channel's SubConn that the child's stands for.
func grpcSubConn(t *testing.T, _ passing, sc balancer.SubConn) *subConn {
	t.Helper()
	b := &producers{}
	sc.GetOrBuildProducer(b)
	inner, ok := b.subConn.(*subConn)
	if !ok {
		t.Fatal(errors.New("the SubConn is not the channel's"))
	}
	return inner
}
