package compose_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
)

// divided is a Splitter over stubs, with one child per endpoint named for its address.
// Its state is READY, with a picker whose error lists the children and their states.
type divided struct {
	cc       *channel
	policy   balancer.Balancer
	children *stubs
	instance *compose.Instance
	onState  func([]compose.ChildState)
}

func newDivided(t *testing.T) *divided {
	t.Helper()
	d := &divided{cc: newChannel(t), children: &stubs{name: "child"}}
	b := compose.Split("test", func(i *compose.Instance) compose.Splitter {
		d.instance = i
		return compose.Splitter{
			Update: d.update,
			State:  d.state,
			Close:  func() { d.children.note("author: close") },
		}
	})
	d.policy = b.Build(d.cc, balancer.BuildOptions{})
	t.Cleanup(d.policy.Close)
	return d
}

func (d *divided) update(s balancer.ClientConnState) ([]compose.Child, error) {
	var children []compose.Child
	for _, e := range s.ResolverState.Endpoints {
		if e.Addresses[0].Addr == "refused" {
			return nil, errTest
		}
		c := compose.Child{Name: e.Addresses[0].Addr, Builder: d.children, ClientConnState: s}
		c.ResolverState.Endpoints = []resolver.Endpoint{e}
		children = append(children, c)
	}
	return children, nil
}

func (d *divided) state(children []compose.ChildState) balancer.State {
	if d.onState != nil {
		d.onState(children)
	}
	var list []string
	for _, c := range children {
		list = append(list, fmt.Sprintf("%s %v", c.Name, c.ConnectivityState))
	}
	return balancer.State{ConnectivityState: connectivity.Ready, Picker: failingWith(errors.New(strings.Join(list, ", ")))}
}

func (d *divided) send(t *testing.T, addrs ...string) {
	t.Helper()
	if err := d.sendAny(addrs...); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func (d *divided) sendAny(addrs ...string) error {
	return d.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.Endpoints(addrs...)...)})
}

func (d *divided) wantChildren(t *testing.T, want string) {
	t.Helper()
	if _, err := d.cc.Pick(); fmt.Sprint(err) != want {
		t.Errorf("children %q, want %q", err, want)
	}
}

// reportOnUpdate makes the child report a state in each update.
func (s *stub) reportOnUpdate(states ...connectivity.State) {
	s.onUpdate = func() {
		for _, state := range states {
			s.report(state, failingWith(errTest))
		}
	}
}

func TestChildrenAreKeptByName(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a", "b")
	d.children.want(t, "child 0: update", "child 1: update")
	d.send(t, "c", "b")
	d.children.want(t, "child 2: update", "child 1: update", "child 0: close")
	d.wantChildren(t, "c CONNECTING, b CONNECTING")
	d.send(t, "a", "b")
	d.children.want(t, "child 3: update", "child 1: update", "child 2: close")
	d.policy.Close()
	d.children.want(t, "child 3: close", "child 1: close", "author: close")
}

func TestEachChildGetsItsOwnEndpointsAndAddresses(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	e := balancertest.WithAttribute(balancertest.Endpoint("a", "a2"), "zone", "eu")
	s := balancer.ClientConnState{ResolverState: balancertest.ResolverState(e, balancertest.Endpoint("b"))}
	if err := d.policy.UpdateClientConnState(s); err != nil {
		t.Fatal(err)
	}
	for i, want := range []resolver.Endpoint{e, balancertest.Endpoint("b")} {
		got := d.children.built[i].update.ResolverState
		if want := balancertest.ResolverState(want); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("child %d got %v, want %v", i, got, want)
		}
	}
}

func TestEachUpdateLeadsToOneReport(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a", "b")
	d.cc.want(t, "state READY")
	for _, c := range d.children.built {
		c.reportOnUpdate(connectivity.Connecting, connectivity.Ready)
	}
	d.send(t, "a", "b")
	d.cc.want(t, "state READY")
	d.wantChildren(t, "a READY, b READY")
	d.send(t, "b", "a")
	d.cc.want(t, "state READY")
	d.wantChildren(t, "b READY, a READY")
	d.children.built[0].report(connectivity.Idle, failingWith(errTest))
	d.cc.want(t, "state READY")
	d.wantChildren(t, "b READY, a IDLE")
}

func TestAResolverErrorReachesAllChildrenAndLeadsToOneReportIfTheyReport(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a", "b")
	for _, c := range d.children.built {
		c.reportOnUpdate(connectivity.Ready)
	}
	d.send(t, "a", "b")
	d.children.take()
	d.cc.take()
	d.policy.ResolverError(errTest)
	d.children.want(t, "child 0: resolver error test error", "child 1: resolver error test error")
	d.cc.want(t)
	for _, c := range d.children.built {
		c.onError = func() { c.report(connectivity.TransientFailure, failingWith(errTest)) }
	}
	d.policy.ResolverError(errTest)
	d.cc.want(t, "state READY")
	d.wantChildren(t, "a TRANSIENT_FAILURE, b TRANSIENT_FAILURE")
}

func TestExitIdleReachesAllChildren(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a", "b")
	d.children.take()
	d.policy.ExitIdle()
	d.children.want(t, "child 0: exit idle", "child 1: exit idle")
}

// A child calls UpdateState with its mutex held. If the policy held its own when it
// calls children, both would wait for ever.
func TestNoChildIsCalledWithALockHeld(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a", "b")
	for _, c := range d.children.built {
		call := func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				c.report(connectivity.Idle, failingWith(errTest))
				d.instance.Publish()
			}()
			<-done
		}
		c.onUpdate, c.onError, c.onClose, c.onExitIdle = call, call, call, call
	}
	d.policy.ResolverError(errTest)
	d.policy.ExitIdle()
	d.send(t, "a")
	d.policy.Close()
}
