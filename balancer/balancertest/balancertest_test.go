package balancertest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDrivesGRPCsOwnPolicies shows that the fakes also suffice for policies that
// were not written for them.
func TestDrivesGRPCsOwnPolicies(t *testing.T) {
	t.Parallel()
	connecting, failure, ready := connectivity.Connecting, connectivity.TransientFailure, connectivity.Ready
	for name, want := range map[string][]connectivity.State{
		pickfirst.Name:  {connecting, failure, ready},
		roundrobin.Name: {connecting, failure, connecting, ready}, // CONNECTING until the first health update
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			p := cc.Build(balancer.Get(name))
			if err := p.Update(balancertest.Endpoints("a:1")...); err != nil {
				t.Fatalf("update: %v", err)
			}
			a := cc.SubConn("a:1")
			a.Connecting()
			if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
				t.Errorf("pick while connecting: %v, want to be queued", err)
			}
			a.Fail(errors.New("refused"))
			if _, err := cc.Pick(); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("pick after a failure: %v, want the cause", err)
			}
			a.Idle()
			a.Ready()
			if sc, err := cc.RPC(nil); err != nil || sc != a {
				t.Errorf("RPC = %v, %v, want %v", sc, err, a)
			}
			if got := slices.Compact(cc.States()); !slices.Equal(got, want) {
				t.Errorf("states %v, want %v", got, want)
			}
			p.Close()
			if live := cc.Live(); len(live) != 0 {
				t.Errorf("live after Close: %v", live)
			}
		})
	}
}

func TestUpdateWithConfig(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	pickFirst := cc.Build(balancer.Get(pickfirst.Name))
	defer pickFirst.Close()
	if err := pickFirst.UpdateWithConfig(`{"shuffleAddressList": true}`, balancertest.Endpoint("a:1")); err != nil {
		t.Errorf("update of a policy with a parser: %v", err)
	}
	withoutParser := cc.Build(struct{ balancer.Builder }{&capturing{}})
	defer withoutParser.Close()
	if err := withoutParser.UpdateWithConfig(`{}`); err != nil {
		t.Errorf("update of a policy without a parser: %v", err)
	}
}

func TestResolverStateFillsAddresses(t *testing.T) {
	t.Parallel()
	s := balancertest.ResolverState(balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1"))
	var addrs []string
	for _, a := range s.Addresses {
		addrs = append(addrs, a.Addr)
	}
	if want := []string{"a:1", "a:2", "b:1"}; !slices.Equal(addrs, want) || len(s.Endpoints) != 2 {
		t.Errorf("addresses %v of %d endpoints, want %v of 2", addrs, len(s.Endpoints), want)
	}
}
