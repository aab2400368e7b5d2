package compose_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/compose"
)

// switching is a Wrapper whose child the test chooses.
type switching struct {
	cc       *channel
	policy   balancer.Balancer
	old, new *stubs
	next     *stubs
}

func newSwitching(t *testing.T) *switching {
	t.Helper()
	s := &switching{cc: newChannel(t), old: &stubs{name: "old"}, new: &stubs{name: "new"}}
	s.next = s.old
	b := compose.Wrap("test", &stubs{name: "default"}, func(*compose.Instance) compose.Wrapper[int] {
		return compose.Wrapper[int]{Update: func(c *compose.Child) error {
			c.Builder = s.next
			return nil
		}}
	})
	s.policy = b.Build(s.cc, balancer.BuildOptions{})
	t.Cleanup(s.policy.Close)
	return s
}

func (s *switching) switchTo(t *testing.T, next *stubs) {
	t.Helper()
	s.next = next
	if err := s.policy.UpdateClientConnState(balancer.ClientConnState{}); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// newReadySwitching returns a policy whose old child is READY, and whose new one is
// built.
func newReadySwitching(t *testing.T) *switching {
	t.Helper()
	s := newSwitching(t)
	s.switchTo(t, s.old)
	s.old.only(t).report(connectivity.Ready, failingWith(errTest))
	s.switchTo(t, s.new)
	s.old.want(t, "old 0: update")
	s.new.want(t, "new 0: update")
	s.cc.want(t, "state READY")
	return s
}

func TestANewChildTakesOverWhenItHasLeftConnecting(t *testing.T) {
	t.Parallel()
	s := newReadySwitching(t)
	s.new.only(t).report(connectivity.Connecting, failingWith(errTest))
	s.cc.want(t)
	s.old.only(t).report(connectivity.Ready, failingWith(errTest))
	s.cc.want(t, "state READY")
	s.new.only(t).report(connectivity.TransientFailure, failingWith(errTest))
	s.cc.want(t, "state TRANSIENT_FAILURE")
	s.old.only(t).report(connectivity.Ready, failingWith(errTest))
	s.cc.want(t) // it is ignored
}

func TestANewChildTakesOverWhenTheOldOneLeavesReady(t *testing.T) {
	t.Parallel()
	s := newReadySwitching(t)
	s.old.only(t).report(connectivity.Idle, failingWith(errTest))
	s.cc.want(t, "state CONNECTING")
	s.new.only(t).report(connectivity.Ready, failingWith(errTest))
	s.cc.want(t, "state READY")
}

func TestANewChildTakesOverAtOnceFromOneThatIsNotReady(t *testing.T) {
	t.Parallel()
	s := newSwitching(t)
	s.switchTo(t, s.old)
	s.old.only(t).report(connectivity.TransientFailure, failingWith(errTest))
	s.new.onBuild = func(c *stub) { c.report(connectivity.Connecting, failingWith(errTest)) }
	s.switchTo(t, s.new)
	s.cc.want(t, "state TRANSIENT_FAILURE", "state CONNECTING")
	s.old.want(t, "old 0: update", "old 0: close")
}

// The report may come with the mutex of the new child held, on which the old one's must
// not depend. The end of the event that led to it is a safe time.
func TestTheOldChildIsClosedAtTheEndOfTheEvent(t *testing.T) {
	t.Parallel()
	s := newReadySwitching(t)
	leftOpen := s.old.only(t).newSubConn(t, "a:1")
	child := s.new.only(t)
	var sc *subConn
	raw, err := child.cc.NewSubConn(addr2, balancer.NewSubConnOptions{StateListener: func(balancer.SubConnState) {
		child.report(connectivity.Ready, failingWith(errTest))
		s.old.want(t) // it is not closed yet
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.cc.take()
	sc = grpcSubConn(t, passing{}, raw)
	grpcSubConn(t, passing{}, leftOpen).listener(balancer.SubConnState{ConnectivityState: connectivity.Connecting})
	s.old.want(t, "old 0: listener CONNECTING")
	sc.listener(balancer.SubConnState{ConnectivityState: connectivity.Ready})
	s.old.want(t, "old 0: close")
	s.cc.want(t, "state READY", "shut down a:1")
	grpcSubConn(t, passing{}, leftOpen).listener(balancer.SubConnState{ConnectivityState: connectivity.Shutdown})
	s.old.want(t)
}

func TestTheOldChildIsClosedByTheNextCallIfTheReportCameOutsideOfOne(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*switching){
		"resolver error": func(s *switching) { s.policy.ResolverError(errTest) },
		"update":         func(s *switching) { s.switchTo(t, s.new) },
	} {
		s := newReadySwitching(t)
		s.new.only(t).report(connectivity.Ready, failingWith(errTest))
		s.old.want(t)
		call(s)
		if got := s.old.take(); len(got) != 1 || got[0] != "old 0: close" {
			t.Errorf("%s: calls %q, want the old child's Close", name, got)
		}
	}
}

func TestTheOldChildIsClosedAtTheEndOfAHealthUpdate(t *testing.T) {
	t.Parallel()
	s := newReadySwitching(t)
	child := s.new.only(t)
	sc := child.newSubConn(t, "a:1")
	sc.RegisterHealthListener(func(balancer.SubConnState) { child.report(connectivity.Ready, failingWith(errTest)) })
	grpcSubConn(t, passing{}, sc).health(balancer.SubConnState{ConnectivityState: connectivity.Ready})
	s.old.want(t, "old 0: close")
}

func TestAClosedChildHearsNoHealthUpdate(t *testing.T) {
	t.Parallel()
	s := newReadySwitching(t)
	sc := s.old.only(t).newSubConn(t, "a:1")
	sc.RegisterHealthListener(func(balancer.SubConnState) { t.Error("a closed child got a health update") })
	s.new.only(t).report(connectivity.Ready, failingWith(errTest))
	grpcSubConn(t, passing{}, sc).health(balancer.SubConnState{ConnectivityState: connectivity.Ready})
}

func TestOnlyTheNewestChildGetsUpdates(t *testing.T) {
	t.Parallel()
	s := newReadySwitching(t)
	s.policy.ResolverError(errTest)
	s.policy.ExitIdle()
	s.switchTo(t, s.new)
	s.old.want(t)
	s.new.want(t, "new 0: resolver error test error", "new 0: exit idle", "new 0: update")
	s.switchTo(t, s.old) // another child again, as in gRPC
	s.new.want(t, "new 0: close")
	s.old.want(t, "old 1: update")
	s.old.built[1].report(connectivity.Ready, failingWith(errTest))
	s.policy.ExitIdle()
	s.old.want(t, "old 1: exit idle")
	s.policy.Close()
	s.old.want(t, "old 0: close", "old 1: close")
}
