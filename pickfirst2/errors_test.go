package pickfirst2_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestErrorsKeepTheStatusOfTheCause(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Fail(fmt.Errorf("handshake: %w", status.Error(codes.PermissionDenied, "not you")))
	_, err := cc.Pick()
	if got := status.Code(err); got != codes.PermissionDenied {
		t.Errorf("pick: code %v of %v, want PermissionDenied, as under pick_first", got, err)
	}
	if want := "pick_first2: connect to a:1: handshake: rpc error: code = PermissionDenied desc = not you"; err.Error() != want {
		t.Errorf("pick: %v, want %s", err, want)
	}
}

func TestTheNewestStatusCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p := build(t)
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
		cc.SubConn("a:1").Connecting()
		advance(250 * time.Millisecond)
		cc.SubConn("b:1").Fail(status.Error(codes.Unauthenticated, "who?"))
		cc.SubConn("a:1").Fail(status.Error(codes.PermissionDenied, "not you")) // first in the list, but the newest
		if _, err := cc.Pick(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("pick: code %v of %v, want PermissionDenied, as under pick_first", status.Code(err), err)
		}
	})
}

func TestAResolverErrorShowsWhereNothingWorks(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	p.ResolverError(errors.New("no such name"))
	if _, err := cc.Pick(); err == nil || err.Error() != "pick_first2: name resolver error: no such name" {
		t.Errorf("pick: %v, want the resolver's error", err)
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	p.ResolverError(errors.New("no such name"))
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" {
		t.Errorf("pick = %v, %v, want a:1", sc, err)
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
		t.Errorf("pick after the address that failed last was removed: code %v of %v, want Unauthenticated", status.Code(err), err)
	}
}

// After the first pass the policy reports failures when their number is that of the
// addresses. An update does not make it report earlier.
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

// gRPC turns an error without a status into Unavailable.
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

// An error names three of many addresses. RPCs end with the status of the failure that
// came last, so its cause must be among them.
func TestTheErrorNamesTheAddressThatFailedLast(t *testing.T) {
	t.Parallel()
	const (
		refused = "d:1: refused; e:1: refused; f:1: refused"
		late    = "rpc error: code = PermissionDenied desc = not you"
	)
	for last, want := range map[string]string{
		"a:1": "connect to 6 addresses: (2 more); a:1: " + late + "; " + refused,
		"c:1": "connect to 6 addresses: (2 more); c:1: " + late + "; " + refused,
		"d:1": "connect to 6 addresses: (3 more); d:1: " + late + "; e:1: refused; f:1: refused",
	} {
		t.Run(last, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cc, p := build(t)
				mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1", "d:1", "e:1", "f:1")...)
				for i := 0; i < len(cc.SubConns()); i++ {
					if sc := cc.SubConns()[i]; sc.Addr() == last {
						sc.Connecting()
						advance(250 * time.Millisecond)
					} else {
						sc.Fail(errors.New("refused"))
					}
				}
				cc.SubConn(last).Fail(status.Error(codes.PermissionDenied, "not you"))
				_, err := cc.Pick()
				if err == nil || err.Error() != "pick_first2: "+want || status.Code(err) != codes.PermissionDenied {
					t.Errorf("pick: code %v of\n%v, want PermissionDenied of\npick_first2: %s", status.Code(err), err, want)
				}
			})
		})
	}
}

func TestTheErrorNamesThreeAddressesThatFailAlike(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1", "d:1", "e:1")...)
	for i := 0; i < len(cc.SubConns()); i++ {
		cc.SubConns()[i].Fail(errors.New("refused"))
	}
	_, err := cc.Pick()
	if want := "pick_first2: connect to 5 addresses: (2 more); c:1: refused; d:1: refused; e:1: refused"; err == nil || err.Error() != want {
		t.Errorf("pick: %v, want %s", err, want)
	}
}
