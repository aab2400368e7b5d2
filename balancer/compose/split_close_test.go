package compose_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

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
