package base2_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// With connection scaling (gRFC A105), gRPC may be making another connection to an
// endpoint when it loses the first one, or may have failed to.

func TestALossInAnAttemptIsConnecting(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	cc.SetConnectionScaling(true)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	connectAll(cc)
	a, b := cc.SubConn("a:1"), cc.SubConn("b:1")
	for _, step := range []struct {
		do   func()
		want string
	}{
		{a.Connecting, "READY [b:1]"},
		{a.Ready, "READY [a:1 b:1]"},
		{func() { fail(a) }, "READY [b:1]"},
		{b.Connecting, "CONNECTING [b:1]"},
		{func() { fail(b) }, "TRANSIENT_FAILURE [b:1]"},
		{a.Idle, "TRANSIENT_FAILURE [b:1]"},
		{a.Ready, "READY [a:1]"},
		{func() { fail(a) }, "TRANSIENT_FAILURE [a:1]"},
	} {
		step.do()
		if got := fmt.Sprint(cc.State().ConnectivityState, r.addrs()); got != step.want {
			t.Fatalf("state and last picker of READY endpoints: %s, want %s", got, step.want)
		}
	}
	wantPickError(t, cc, "test_policy: none of 2 endpoints is ready: connect to a:1: refused; connect to b:1: refused")
}

func TestALossInAnAttemptCountsForThePause(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*balancertest.SubConn){
		"while connecting": (*balancertest.SubConn).Connecting,
		"in backoff":       func(sc *balancertest.SubConn) { fail(sc); sc.Idle() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cc, p, _ := build(t)
				cc.SetConnectionScaling(true)
				mustUpdate(t, p, balancertest.Endpoints("a:1")...)
				a := cc.SubConn("a:1")
				for range 5 {
					a.Ready()
					lose(a)
				}
				hangUp(a, 0)
				wantPause(t, a, 800*time.Millisecond, 1200*time.Millisecond)
			})
		})
	}
}

func TestALongLifeThatEndsInAnAttemptIsNoReasonForThePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, _ := build(t)
		cc.SetConnectionScaling(true)
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		a := cc.SubConn("a:1")
		for range 5 {
			hangUp(a, 0)
		}
		a.Ready()
		time.Sleep(time.Second)
		a.Connecting()
		for range 5 { // each is lost before gRPC has reported it
			a.Idle()
			wantPause(t, a, 0, 0)
			a.Connecting()
		}
		a.Idle()
		wantPause(t, a, 800*time.Millisecond, 1200*time.Millisecond)
	})
}

func TestAnEndpointThatConnectsOnRequestIsNotIdleInAnAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := lazy(t)
		cc.SetConnectionScaling(true)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		wantPick(t, cc, queued)
		a := cc.SubConn("a:1")
		a.Ready()
		a.Connecting()
		wantPick(t, cc, queued)
		if len(cc.SubConns()) != 1 || cc.State().ConnectivityState != stConnecting {
			t.Errorf("%v in %v, want a:1 only, CONNECTING", cc.SubConns(), cc.State().ConnectivityState)
		}
		a.Ready()
		wantPick(t, cc, "a:1")
		fail(a)
		wantPick(t, cc, queued) // asks for b:1
		cc.SubConn("b:1").Ready()
		wantPick(t, cc, "b:1")
		a.Idle() // the backoff is over
		if !a.Wanted() {
			t.Error("the endpoint that failed is not tried again")
		}
	})
}

func TestAnUnhealthyEndpointThatIsLostInAnAttemptIsConnecting(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	cc.SetConnectionScaling(true)
	p := cc.Build(readyBuilder("first", first))
	t.Cleanup(p.Close)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	a.Ready()
	a.SetHealth(stFailure, errors.New("sick"))
	wantPickError(t, cc, "first: none of 1 endpoints is ready: check health of a:1: sick")
	a.Connecting()
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) || cc.State().ConnectivityState != stConnecting {
		t.Errorf("%v, pick: %v, want CONNECTING, and that it waits", cc.State().ConnectivityState, err)
	}
}
