package base2_test

import (
	"errors"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestTheErrorIsNews(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	for _, cause := range []string{"refused", "no route"} {
		a.Fail(errors.New(cause))
		wantPickError(t, cc, "test_policy: none of 1 endpoints is ready: connect to a:1: "+cause)
		a.Idle()
	}
}

func TestErrorsNameEndpointsAndCauses(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	p.ResolverError(errors.New("no such name"))
	wantPickError(t, cc, "test_policy: no endpoints to pick from: name resolver error: no such name")
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	fail := func(addr string, cause error) { cc.SubConn(addr).Fail(cause) }
	fail("b:1", status.Error(codes.Unauthenticated, "who?"))
	fail("a:1", errors.New("refused"))
	wantPickError(t, cc, "test_policy: none of 2 endpoints is ready: connect to a:1: refused; connect to b:1: rpc error: code = Unauthenticated desc = who?")
	if _, err := cc.Pick(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("pick: code %v, want that of the last cause, Unauthenticated", status.Code(err))
	}
	p.ResolverError(errors.New("no such name"))
	wantPickError(t, cc, "test_policy: none of 2 endpoints is ready: connect to a:1: refused; connect to b:1: rpc error: code = Unauthenticated desc = who?; last resolver error: no such name")
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1", "d:1", "e:1")...)
	for _, addr := range []string{"c:1", "d:1", "e:1"} {
		fail(addr, errors.New("refused"))
	}
	wantPickError(t, cc, "test_policy: none of 5 endpoints is ready: (2 more); connect to c:1: refused; connect to d:1: refused; connect to e:1: refused")
}

// gRPC turns an error without a status into Unavailable.
func TestAResolverErrorDoesNotDecideTheStatus(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	p.ResolverError(status.Error(codes.PermissionDenied, "not you"))
	if _, err := cc.Pick(); status.Code(err) != codes.Unknown {
		t.Errorf("pick without endpoints: code %v of %v, want an error without a status", status.Code(err), err)
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	p.ResolverError(status.Error(codes.PermissionDenied, "not you"))
	if _, err := cc.Pick(); status.Code(err) != codes.Unknown {
		t.Errorf("pick with a failed endpoint: code %v of %v, want an error without a status", status.Code(err), err)
	}
}

func TestResolverErrorIsNotShownWhileAnythingWorks(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	p.ResolverError(errors.New("no such name"))
	wantStates(t, cc, stConnecting)
	cc.SubConn("a:1").Ready()
	p.ResolverError(errors.New("no such name"))
	wantStates(t, cc, stConnecting, stReady)
}

func TestAnEmptyUpdateReplacesTheResolversError(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	p.ResolverError(errors.New("no such name"))
	wantPickError(t, cc, "test_policy: no endpoints to pick from: name resolver error: no such name")
	_ = p.Update()
	wantPickError(t, cc, "test_policy: no endpoints to pick from: name resolver error: produced zero addresses")
}

// Each picker wakes all waiting RPCs. So the failure of an endpoint that the error
// does not name leads to no picker.
func TestAFailureThatTheErrorDoesNotTellOfIsNoNews(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1", "d:1")...)
	fail := func(addr, why string) {
		sc := cc.SubConn(addr)
		if sc.State() == stFailure {
			sc.Idle()
		}
		sc.Fail(errors.New(why))
	}
	for _, addr := range []string{"a:1", "b:1", "c:1", "d:1"} {
		fail(addr, "refused")
	}
	reports := len(cc.States())
	fail("a:1", "reset")
	if got := len(cc.States()) - reports; got != 0 {
		t.Errorf("%d reports on a failure of a:1, want none", got)
	}
	fail("b:1", "reset")
	wantPickError(t, cc, "test_policy: none of 4 endpoints is ready: (1 more); connect to b:1: reset; connect to c:1: refused; connect to d:1: refused")
}
