package base2_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// lazy is a Policy that picks the first listed endpoint that does not fail, and
// connects only that.
func lazy(t *testing.T) (*balancertest.ClientConn, *balancertest.Policy) {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	p := cc.Build(base2.New("lazy", newFirstListed, base2.WithConnectOnRequest()))
	t.Cleanup(p.Close)
	return cc, p
}

// pick picks, and lets the policy do what the pick asks for.
func pick(cc *balancertest.ClientConn) string {
	sc, err := cc.Pick()
	synctest.Wait()
	if err != nil {
		return err.Error()
	}
	return sc.Addr()
}

const queued = "no SubConn is available"

func wantPick(t *testing.T, cc *balancertest.ClientConn, want string) {
	t.Helper()
	if got := pick(cc); got != want {
		t.Errorf("pick: %s, want %s", got, want)
	}
}

func TestAnEndpointConnectsWhenItIsPicked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := lazy(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		synctest.Wait()
		if len(cc.SubConns()) != 0 || cc.State().ConnectivityState != stIdle {
			t.Fatalf("before a pick: SubConns %v in %v, want none in IDLE", cc.SubConns(), cc.State().ConnectivityState)
		}
		for range 3 {
			wantPick(t, cc, queued)
		}
		if len(cc.SubConns()) != 1 || cc.SubConn("a:1").ConnectCalls() != 1 {
			t.Fatalf("after three picks: SubConns %v, want one to a:1 that connects", cc.SubConns())
		}
		cc.SubConn("a:1").Ready()
		wantPick(t, cc, "a:1")
		cc.SubConn("a:1").Idle()
		synctest.Wait()
		if cc.SubConn("a:1").ConnectCalls() != 1 || cc.State().ConnectivityState != stIdle {
			t.Errorf("after the loss: %v connects in %v, want no more before a pick, in IDLE", cc.SubConn("a:1"), cc.State().ConnectivityState)
		}
		wantPick(t, cc, queued)
		if got := cc.SubConn("a:1").ConnectCalls(); got != 2 {
			t.Errorf("after another pick: %d attempts, want 2", got)
		}
	})
}

func TestAnEndpointThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := lazy(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		wantPick(t, cc, queued)
		fail(cc.SubConn("a:1"))
		wantPick(t, cc, queued) // asks for b:1
		fail(cc.SubConn("b:1"))
		wantPick(t, cc, "lazy: none of 2 endpoints is ready: connect to a:1: refused; connect to b:1: refused")
		cc.SubConn("a:1").Idle() // the backoff is over
		if !cc.SubConn("a:1").Wanted() {
			t.Error("a:1 is not tried again")
		}
		cc.SubConn("a:1").Ready()
		wantPick(t, cc, "a:1")
	})
}

// An endpoint that was not asked to connect has the resolver's last addresses when it
// is.
func TestUpdatesReachEndpointsThatAreIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := lazy(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		e := balancertest.Endpoint("a:1")
		e.Addresses[0].ServerName = "renamed"
		mustUpdate(t, p, e)
		wantPick(t, cc, queued)
		if got := cc.SubConn("a:1").Addresses()[0].ServerName; got != "renamed" {
			t.Errorf("server name %q, want renamed", got)
		}
		cc.SubConn("a:1").Ready()
		cc.SubConn("a:1").Idle()
		e.Addresses[0].ServerName = "again"
		mustUpdate(t, p, e)
		wantPick(t, cc, queued)
		if got := cc.SubConn("a:1").Addresses()[0].ServerName; got != "again" {
			t.Errorf("after a loss the server name is %q, want again", got)
		}
	})
}

func TestAttributesOfIdleEndpointsReachThePolicy(t *testing.T) {
	t.Parallel()
	_, p, v := buildViewer(t, base2.WithConnectOnRequest())
	mustUpdate(t, p, balancertest.Endpoint("a:1"))
	mustUpdate(t, p, balancertest.WithAttribute(balancertest.Endpoint("a:1"), "zone", "east"))
	if got := v.last()[0].Attributes.Value("zone"); got != "east" {
		t.Errorf("the policy sees zone %v, want east", got)
	}
}

func TestExitIdleConnectsOneEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, policy := balancertest.NewClientConn(t), &asking{}
		p := cc.Build(base2.New("asking", func(c *base2.Channel) *asking { policy.channel = c; return policy }, base2.WithConnectOnRequest()))
		defer p.Close()
		p.ExitIdle() // there is nothing to connect
		synctest.Wait()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
		p.ExitIdle()
		p.ExitIdle()
		synctest.Wait()
		if len(cc.SubConns()) != 1 {
			t.Errorf("SubConns %v, want one", cc.SubConns())
		}
		p.ExitIdle() // the policy is CONNECTING
		synctest.Wait()
		if len(cc.SubConns()) != 1 {
			t.Errorf("SubConns %v after ExitIdle in CONNECTING, want one", cc.SubConns())
		}
		sc := cc.Live()[0]
		sc.Ready()
		sc.Idle()
		policy.channel.Rebuild() // what was asked before is done only once
		synctest.Wait()
		if sc.Wanted() {
			t.Error("after a loss the endpoint connects again, though nobody has asked for it")
		}
	})
}

// A server that accepts connections and hangs up would get one per RPC.
func TestEndpointsOnRequestPauseToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := lazy(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		for range 6 {
			wantPick(t, cc, queued)
			cc.SubConn("a:1").Ready()
			cc.SubConn("a:1").Idle()
		}
		if got := pick(cc); got == queued {
			t.Error("after six early losses RPCs wait, want an error that says why")
		}
		sc := cc.SubConn("a:1")
		if sc.ConnectCalls() != 6 {
			t.Errorf("%d attempts, want 6 before the pause", sc.ConnectCalls())
		}
		advance(2 * time.Second)
		if sc.ConnectCalls() != 7 {
			t.Errorf("%d attempts after the pause, want 7", sc.ConnectCalls())
		}
	})
}
