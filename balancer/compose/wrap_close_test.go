package compose_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/compose"
)

func TestAPolicyThatNeverHadAChildReportsNothingAfterClose(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{Update: func(*compose.Child) error { return errTest }})
	p.policy.ResolverError(errTest)
	p.policy.Close()
	p.cc.take()
	p.instance.Publish()
	p.policy.ResolverError(errTest)
	p.cc.want(t)
}

func TestCloseEndsAll(t *testing.T) {
	t.Parallel()
	var order calls
	p := newWrapped(t, compose.Wrapper[int]{Close: func() { order.note("author: close") }})
	child := p.children.only(t)
	sc := child.newSubConn(t, "a:1")
	listener := grpcSubConn(t, passing{}, sc).listener
	child.onClose = func() {
		order.note("child: close")
		child.report(connectivity.Ready, failingWith(errTest))
		child.cc.ResolveNow(resolver.ResolveNowOptions{})
		if _, err := child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{}); err == nil {
			t.Error("a closed child could make a SubConn")
		}
	}
	p.policy.Close()
	p.cc.want(t, "new SubConn to a:1", "shut down a:1")
	order.want(t, "child: close", "author: close")
	child.take()
	listener(balancer.SubConnState{ConnectivityState: connectivity.Shutdown})
	child.want(t)
	p.policy.Close()
	p.policy.ExitIdle()
	order.want(t)
	child.want(t)
	p.cc.want(t)
}

// A child may make SubConns from a goroutine while it is being closed.
func TestASubConnThatComesTooLateIsShutDown(t *testing.T) {
	t.Parallel()
	p := newWrapped(t, compose.Wrapper[int]{})
	child := p.children.only(t)
	p.cc.onNewSubConn = p.policy.Close
	if _, err := child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{}); err == nil {
		t.Error("a closed child could make a SubConn")
	}
	p.cc.want(t, "new SubConn to a:1", "shut down a:1")
}
