package base2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// hangUp makes a connection that is lost after the given life.
func hangUp(sc *balancertest.SubConn, life time.Duration) {
	sc.Ready()
	time.Sleep(life)
	sc.Idle()
}

// buildPausing builds a policy whose only endpoint, a:1, pauses.
func buildPausing(t *testing.T) (*balancertest.ClientConn, *balancertest.Policy, *balancertest.SubConn) {
	t.Helper()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	for range 6 {
		hangUp(a, 0)
	}
	return cc, p, a
}

// wantPause checks that the policy connects again after a time between least and
// most.
func wantPause(t *testing.T, sc *balancertest.SubConn, least, most time.Duration) {
	t.Helper()
	begin := time.Now()
	for !sc.Wanted() {
		if time.Since(begin) > time.Hour {
			t.Fatal("the policy does not connect within an hour")
		}
		advance(10 * time.Millisecond)
	}
	if took := time.Since(begin); took < least || took > most+10*time.Millisecond {
		t.Errorf("the policy connects after %v, want %v to %v", took, least, most)
	}
}

func TestTheErrorOfAPauseNamesTheAddressThatHangsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, _ := build(t)
		mustUpdate(t, p, balancertest.Endpoint("a:1", "a:2"))
		for range 6 {
			cc.SubConn("a:1").Fail(errors.New("refused"))
			hangUp(cc.SubConn("a:2"), 0)
		}
		const want = "test_policy: none of 1 endpoints is ready: connect to a:2: the last 6 connections"
		if _, err := cc.Pick(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("pick: %v, want %s…", err, want)
		}
	})
}

func TestAServerThatHangsUpIsAskedWithGrowingPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, _ := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		a := cc.SubConn("a:1")
		for range 5 {
			hangUp(a, 999*time.Millisecond)
			wantPause(t, a, 0, 0)
		}
		pause := time.Second // gRPC's first backoff
		for range 20 {
			hangUp(a, 0)
			wantPause(t, a, pause*8/10, pause*12/10)
			pause = min(pause*16/10, 120*time.Second)
		}
		hangUp(a, time.Second) // long enough
		wantPause(t, a, 0, 0)
		hangUp(a, 0)
		wantPause(t, a, 0, 0)
	})
}

// A connection may be lost before gRPC has reported it.
func TestConnectionsThatAreLostBeforeTheyAreReadyCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, _ := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		a := cc.SubConn("a:1")
		hangUp(a, time.Hour)
		for range 6 {
			a.Connecting()
			a.Idle()
		}
		wantPause(t, a, 800*time.Millisecond, 1200*time.Millisecond)
	})
}

// The connection to the old address lived long, but was not lost.
func TestAnUpdateThatReplacesAConnectionDoesNotHideALoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, _ := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
		cc.SubConn("a:1").Ready()
		time.Sleep(time.Hour)
		renamed := balancertest.Endpoint("a:1")
		renamed.Addresses[0].ServerName = "other"
		mustUpdate(t, p, renamed)
		a := cc.SubConn("a:1")
		for range 6 {
			a.Connecting()
			a.Idle()
		}
		wantPause(t, a, 800*time.Millisecond, 1200*time.Millisecond)
	})
}

func TestRPCsLearnWhyAnEndpointIsNotAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, r := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		a, b := cc.SubConn("a:1"), cc.SubConn("b:1")
		b.Ready()
		for range 6 {
			hangUp(a, 0)
		}
		if got := fmt.Sprint(cc.State().ConnectivityState, r.addrs()); got != "READY [b:1]" {
			t.Errorf("with b:1 READY: %s", got)
		}
		b.Idle()
		b.Fail(errors.New("refused"))
		_, err := cc.Pick()
		want := "test_policy: none of 2 endpoints is ready: connect to a:1: the last 6 connections were each lost within 1s; the next attempt follows in "
		if !strings.HasPrefix(fmt.Sprint(err), want) {
			t.Errorf("pick: %v\nwant %s…", err, want)
		}
		advance(1200 * time.Millisecond)
		if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
			t.Errorf("pick during the next attempt: %v, want to be queued", err)
		}
	})
}

func TestRPCsDoNotWaitForTheOnlyEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, _, _ := buildPausing(t)
		if _, err := cc.Pick(); err == nil || errors.Is(err, balancer.ErrNoSubConnAvailable) {
			t.Errorf("pick during the pause: %v, want to fail", err)
		}
	})
}

func TestNothingEndsAPauseEarly(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(*balancertest.Policy){
		"ExitIdle":           (*balancertest.Policy).ExitIdle,
		"an update":          func(p *balancertest.Policy) { _ = p.Update(balancertest.Endpoints("a:1")...) },
		"a resolver's error": func(p *balancertest.Policy) { p.ResolverError(errors.New("no such name")) },
	} {
		synctest.Test(t, func(t *testing.T) {
			_, p, a := buildPausing(t)
			for range 7 {
				advance(100 * time.Millisecond)
				if disturb(p); a.Wanted() {
					t.Fatalf("%s ended the pause", name)
				}
			}
			advance(500 * time.Millisecond)
			if !a.Wanted() {
				t.Errorf("%s: the policy does not connect after the pause", name)
			}
		})
	}
}

func TestAnEndpointThatIsGoneIsNotAskedAfterItsPause(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*balancertest.Policy){
		"Close":     (*balancertest.Policy).Close,
		"an update": func(p *balancertest.Policy) { _ = p.Update(balancertest.Endpoints("b:1")...) },
	} {
		synctest.Test(t, func(t *testing.T) {
			cc, p, a := buildPausing(t)
			end(p)
			connects, reports := a.ConnectCalls(), len(cc.States())
			advance(time.Hour)
			if a.ConnectCalls() != connects || len(cc.States()) != reports {
				t.Errorf("%s: %d attempts and %d reports afterwards", name, a.ConnectCalls()-connects, len(cc.States())-reports)
			}
		})
	}
}
