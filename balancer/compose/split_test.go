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

func TestWhatAClosedChildSaysIsIgnored(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a", "b")
	gone := d.children.built[0]
	sc := gone.newSubConn(t, "a")
	inner := grpcSubConn(t, passing{}, sc)
	d.send(t, "b")
	d.children.take()
	d.cc.take()
	gone.report(connectivity.Ready, failingWith(errTest))
	gone.cc.ResolveNow(resolver.ResolveNowOptions{})
	if _, err := gone.cc.NewSubConn(addr1, balancer.NewSubConnOptions{}); err == nil {
		t.Error("a closed child could make a SubConn")
	}
	inner.listener(balancer.SubConnState{ConnectivityState: connectivity.Shutdown})
	d.policy.ExitIdle()
	d.cc.want(t)
	d.children.want(t, "child 1: exit idle")
	d.wantChildren(t, "b CONNECTING")
}

func TestAClosedChildsSubConnsAreShutDownAfterTheNewPicker(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a", "b")
	gone := d.children.built[0]
	sc := gone.newSubConn(t, "a")
	gone.newSubConn(t, "a2")
	gone.onClose = sc.Shutdown // and leaves the other one open
	d.cc.take()
	d.send(t, "b")
	d.cc.want(t, "state READY", "shut down a", "shut down a2")
}

// Until the new picker is out, RPCs may choose the SubConn.
func TestSubConnsAreShutDownAfterThePickerOfTheUpdate(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a")
	child := d.children.only(t)
	first, second, third := child.newSubConn(t, "1"), child.newSubConn(t, "2"), child.newSubConn(t, "3")
	child.onUpdate = func() {
		child.report(connectivity.Ready, failingWith(errTest))
		first.Shutdown()
	}
	child.onError = func() {
		child.report(connectivity.Ready, failingWith(errTest))
		second.Shutdown()
	}
	d.cc.take()
	d.send(t, "a")
	d.policy.ResolverError(errTest)
	third.Shutdown()
	d.cc.want(t, "state READY", "shut down 1", "state READY", "shut down 2", "shut down 3")
}

func TestErrorsOfUpdatesAreCombined(t *testing.T) {
	t.Parallel()
	other := errors.New("other error")
	d := newDivided(t)
	d.send(t, "a", "b", "c")
	d.children.built[0].err, d.children.built[2].err = errTest, other
	err := d.sendAny("a", "b", "c")
	want := "test: update child \"a\": test error\ntest: update child \"c\": other error"
	if !errors.Is(err, errTest) || !errors.Is(err, other) || err.Error() != want {
		t.Errorf("error %q, want %q, which wraps both", err, want)
	}
	d.children.built[1].err = fmt.Errorf("wrapped: %w", balancer.ErrBadResolverState)
	if err := d.sendAny("a", "b", "c"); err != balancer.ErrBadResolverState {
		t.Errorf("error %v, want ErrBadResolverState itself, as gRPC compares", err)
	}
}

func TestAnUpdateWithoutChildrenIsBad(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a")
	d.children.take()
	if err := d.sendAny(); err != balancer.ErrBadResolverState {
		t.Errorf("error %v, want ErrBadResolverState", err)
	}
	d.children.want(t, "child 0: close")
	d.wantChildren(t, "test: no children to pick from: the resolver update has none")
	if got := d.cc.State().ConnectivityState; got != connectivity.TransientFailure {
		t.Errorf("state %v, want TRANSIENT_FAILURE", got)
	}
	d.send(t, "a")
	d.wantChildren(t, "a CONNECTING")
}

func TestARefusedUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	if err := d.sendAny("refused"); err != errTest {
		t.Errorf("error %v, want the author's", err)
	}
	d.wantChildren(t, errTest.Error())
	d.send(t, "a")
	d.children.take()
	for _, addrs := range [][]string{{"refused"}, {"b", "b"}} {
		if err := d.sendAny(addrs...); err == nil {
			t.Errorf("update with %q: no error", addrs)
		}
	}
	d.children.want(t)
	d.wantChildren(t, "a CONNECTING")
}

func TestAChildNeedsABuilderAndANameOfItsOwn(t *testing.T) {
	t.Parallel()
	for want, children := range map[string][]compose.Child{
		`test: update child "a": nil builder`:                  {{Name: "a"}},
		`test: update child "a": two children have this name`:  {{Name: "a", Builder: &stubs{}}, {Name: "a", Builder: &stubs{}}},
		"compose: build policy none: its builder returned nil": {{Name: "a", Builder: &stubs{name: "none", refuse: true}}},
	} {
		cc := newChannel(t)
		p := compose.Split("test", func(*compose.Instance) compose.Splitter {
			return compose.Splitter{
				Update: func(balancer.ClientConnState) ([]compose.Child, error) { return children, nil },
				State:  func(children []compose.ChildState) balancer.State { return children[0].State },
			}
		}).Build(cc, balancer.BuildOptions{})
		if err := p.UpdateClientConnState(balancer.ClientConnState{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := cc.Pick(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pick: %v, want %q", err, want)
		}
		p.ExitIdle()
		p.ResolverError(errTest)
		p.Close()
	}
}
