package pickfirst2_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// often is the time between resolver updates that come before an attempt's head
// start is over.
const often = 100 * time.Millisecond

// The first address does not answer, and the resolver does not wait for that.
func TestFrequentUpdatesDoNotHoldUpTheSecondAddress(t *testing.T) {
	t.Parallel()
	others := map[string][]string{
		"the same list":                 {"c:1"},
		"another endpoint each time":    {"c:1", "d:1", "e:1"},
		"another endpoint now and then": {"c:1", "", "d:1"},
	}
	for name, others := range others {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cc, p := build(t)
				defer p.Close()
				start := time.Now()
				for i := 0; len(cc.Live()) < 2 && i < 100; i++ {
					list := balancertest.Endpoints("a:1", "b:1")
					if other := others[i%len(others)]; other != "" {
						list = append(list, balancertest.Endpoint(other))
					}
					mustUpdate(t, p, list...)
					for range often / time.Millisecond {
						if len(cc.Live()) < 2 {
							advance(time.Millisecond)
						}
					}
				}
				if took := time.Since(start); took != 250*time.Millisecond {
					t.Errorf("the second attempt began after %v, want 250ms", took)
				}
				cc.SubConn("b:1").Ready()
			})
		})
	}
}

// After the first pass one address does not answer, and the other one is to be
// asked after each backoff.
func TestFrequentUpdatesDoNotHoldUpAnAddressThatBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		defer p.Close()
		list := balancertest.Endpoints("a:1", "b:1")
		mustUpdate(t, p, list...)
		a := cc.SubConn("a:1")
		a.Fail(errors.New("refused"))
		b := cc.SubConn("b:1")
		b.Fail(errors.New("refused"))
		a.Idle()
		a.Connecting()
		for i := range 20 {
			b.Idle()
			if !b.Wanted() {
				t.Fatalf("after %d updates an address that has backed off is not asked again", i)
			}
			mustUpdate(t, p, list...)
			advance(often)
			b.Fail(errors.New("refused"))
			mustUpdate(t, p, list...)
			advance(often)
		}
	})
}

// Parents such as weighted_target count on an answer to each update.
func TestUpdatesWhileConnectingAreAnswered(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	for range 3 {
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	}
	wantStates(t, cc, stConnecting, stConnecting, stConnecting)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	cc.SubConn("a:1").Idle()
	for range 3 {
		mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	}
	wantStates(t, cc, stConnecting, stConnecting, stConnecting, stFailure, stFailure, stFailure, stFailure)
}

func TestAnUpdateAsksAgainForARefusedSubConn(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	list := balancertest.Endpoints("a:1", "b:1")
	cc.FailNewSubConn(errors.New("no more of them"))
	mustUpdate(t, p, list...)
	cc.FailNewSubConn(nil)
	mustUpdate(t, p, list...)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	cc.SubConn("b:1").Ready()
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "b:1" {
		t.Errorf("pick = %v, %v, want b:1", sc, err)
	}
}

func TestTheStatusIsThatOfAListedAddress(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	cc.SubConn("a:1").Fail(status.Error(codes.Unauthenticated, "who?"))
	cc.SubConn("b:1").Fail(status.Error(codes.PermissionDenied, "not you"))
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	if _, err := cc.Pick(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("pick after the last to fail has left: code %v of %v, want Unauthenticated", status.Code(err), err)
	}
}

// After the first pass the channel hears of failures once they are as many as
// there are addresses; an update does not bring that forward.
func TestTheStatusIsNewAfterEachRound(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	list := balancertest.Endpoints("a:1", "b:1")
	mustUpdate(t, p, list...)
	a := cc.SubConn("a:1")
	a.Fail(errors.New("refused"))
	b := cc.SubConn("b:1")
	b.Fail(status.Error(codes.PermissionDenied, "not you"))
	a.Idle()
	a.Fail(status.Error(codes.Unauthenticated, "who?"))
	b.Idle()
	mustUpdate(t, p, list...)
	if _, err := cc.Pick(); status.Code(err) != codes.PermissionDenied {
		t.Errorf("pick before the end of the round: code %v of %v, want PermissionDenied", status.Code(err), err)
	}
	b.Fail(status.Error(codes.ResourceExhausted, "later"))
	if _, err := cc.Pick(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("pick after the round: code %v of %v, want ResourceExhausted", status.Code(err), err)
	}
}

// gRPC makes Unavailable of an error without a status.
func TestAResolverErrorTakesTheStatusAway(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	list := balancertest.Endpoints("a:1", "b:1")
	mustUpdate(t, p, list...)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	cc.SubConn("b:1").Fail(status.Error(codes.PermissionDenied, "not you"))
	wantCode := func(when string, want codes.Code) {
		t.Helper()
		if _, err := cc.Pick(); errors.Is(err, balancer.ErrNoSubConnAvailable) || status.Code(err) != want {
			t.Errorf("%s: code %v of %v, want %v", when, status.Code(err), err, want)
		}
	}
	wantCode("after the failures", codes.PermissionDenied)
	mustUpdate(t, p, list...)
	wantCode("after an update", codes.PermissionDenied)
	p.ResolverError(errors.New("no such name"))
	wantCode("after a resolver error", codes.Unknown)
	mustUpdate(t, p, list...)
	wantCode("after a good update", codes.PermissionDenied)
}
