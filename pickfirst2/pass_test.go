package pickfirst2_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestRPCsGoToTheFirstAddress(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick while connecting: %v, want to be queued", err)
	}
	cc.SubConn("a:1").Ready()
	for range 3 {
		if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" {
			t.Errorf("pick = %v, %v, want a:1", sc, err)
		}
	}
	wantStates(t, cc, stConnecting, stReady)
	if live := cc.Live(); len(live) != 1 {
		t.Errorf("live SubConns: %v, want one to a:1", live)
	}
}

func TestAttemptsStart250MillisecondsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		start := time.Now()
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
		cc.SubConn("a:1").Connecting()
		advance(249 * time.Millisecond)
		wantConnecting(t, cc, 1)
		advance(time.Millisecond)
		wantConnecting(t, cc, 2)
		cc.SubConn("b:1").Connecting()
		advance(249 * time.Millisecond)
		wantConnecting(t, cc, 2)
		advance(time.Millisecond)
		wantConnecting(t, cc, 3)
		if took := time.Since(start); took != 500*time.Millisecond {
			t.Errorf("the third attempt began after %v, want 500ms", took)
		}
		advance(time.Hour)
		wantConnecting(t, cc, 3)
	})
}

func TestAFailedAttemptDoesNotWaitForTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
		advance(100 * time.Millisecond)
		cc.SubConn("a:1").Fail(errors.New("refused"))
		wantConnecting(t, cc, 2)
		// The delay after a's attempt no longer counts; b has 250 ms of its own.
		advance(200 * time.Millisecond)
		wantConnecting(t, cc, 2)
		advance(50 * time.Millisecond)
		wantConnecting(t, cc, 3)
	})
}

func TestANewPassStopsTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		advance(200 * time.Millisecond)
		mustUpdate(t, p, balancertest.Endpoints("c:1", "d:1")...)
		advance(249 * time.Millisecond)
		wantConnecting(t, cc, 2)
		advance(time.Millisecond)
		wantConnecting(t, cc, 3)
	})
}

func TestTheLoserIsShutDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		advance(250 * time.Millisecond)
		a := cc.SubConn("a:1")
		cc.SubConn("b:1").Ready()
		if !a.IsShutdown() {
			t.Error("the loser was not shut down")
		}
		if sc, err := cc.Pick(); err != nil || sc.Addr() != "b:1" {
			t.Errorf("pick = %v, %v, want b:1", sc, err)
		}
	})
}

func TestWhatIsHeardOfALoserDoesNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		advance(250 * time.Millisecond)
		a, b := cc.SubConn("a:1"), cc.SubConn("b:1")
		cc.DeliverAfter(func() { // both connect, and b's connection is lost at once
			a.Ready()
			b.Ready()
			b.Idle()
		})
		wantStates(t, cc, stConnecting, stReady)
		if sc, err := cc.Pick(); err != nil || sc != a || !b.IsShutdown() {
			t.Errorf("pick = %v, %v, want %v; loser shut down: %v", sc, err, a, b.IsShutdown())
		}
	})
}

func TestASubConnGetsTheResolversAddress(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	want := resolver.Address{
		Addr:               "a:1",
		ServerName:         "name",
		Attributes:         attributes.New("k", "v"),
		BalancerAttributes: attributes.New("l", "w"),
	}
	mustUpdate(t, p, resolver.Endpoint{Addresses: []resolver.Address{want, {Addr: "b:1"}}})
	if got := cc.SubConns()[0].Addresses(); len(got) != 1 || !got[0].Equal(want) {
		t.Errorf("SubConn to %v, want %v alone", got, want)
	}
}

func TestARefusedSubConnIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	cc.FailNewSubConn(errors.New("no more of them"))
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	_, err := cc.Pick()
	if want := "pick_first2: connect to 2 addresses: a:1: no more of them; b:1: no more of them"; err == nil || err.Error() != want {
		t.Errorf("pick: %v, want %s", err, want)
	}
	cc.FailNewSubConn(nil)
	mustUpdate(t, p, balancertest.Endpoints("b:1", "c:1")...) // a:1, which never had a SubConn, is removed
	cc.SubConn("b:1").Ready()
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "b:1" {
		t.Errorf("pick after the next update = %v, %v, want b:1", sc, err)
	}
}
