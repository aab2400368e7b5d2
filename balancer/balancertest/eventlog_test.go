package balancertest_test

import (
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestEventsTellWhatHappened(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	cc.Record()
	p := cc.Build(planted{})
	if err := p.UpdateWithConfig(`{}`, balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1")); err != nil {
		t.Fatalf("update: %v", err)
	}
	cc.SubConn("a:1").Ready()
	p.ResolverError(errors.New("no such host"))
	cc.ResolveNow(resolver.ResolveNowOptions{})
	if err := p.Update(); !errors.Is(err, balancer.ErrBadResolverState) {
		t.Fatalf("empty update: %v", err)
	}
	p.ExitIdle()
	p.Close()
	want := []string{
		"build planted for " + balancertest.Target,
		"resolver update: [a:1+a:2 b:1]",
		"SubConn 0 to a:1: made",
		"SubConn 0 to a:1: Connect",
		"policy reports CONNECTING, picker *base.errPicker",
		"resolver update: accepted",
		"SubConn 0 to a:1: CONNECTING",
		"SubConn 0 to a:1: READY",
		"policy reports READY, picker balancertest_test.fixed",
		"resolver error: no such host",
		"policy asks for a new resolution",
		"resolver update: []",
		"policy reports TRANSIENT_FAILURE, picker *base.errPicker",
		"SubConn 0 to a:1: Shutdown",
		"resolver update: error: bad resolver state",
		"SubConn 0 to a:1: SHUTDOWN",
		"exit idle",
		"close",
	}
	if got := cc.Events(); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// Benchmarks use the fakes, so a log that is off must not allocate.
func TestEventsCostNothingUnlessRecorded(t *testing.T) {
	cc := balancertest.NewClientConn(t)
	sc, err := cc.NewSubConn(balancertest.Endpoint("a:1").Addresses, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatalf("NewSubConn: %v", err)
	}
	if n := testing.AllocsPerRun(100, func() {
		sc.Connect()
		cc.ResolveNow(resolver.ResolveNowOptions{})
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if events := cc.Events(); len(events) != 0 {
		t.Errorf("events %q, want none", events)
	}
}
