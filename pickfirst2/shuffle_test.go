package pickfirst2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// triedWhenShuffled returns the addresses of a shuffled list in the order in which a
// policy tries them.
func triedWhenShuffled(t *testing.T, endpoints ...resolver.Endpoint) (tried []string) {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	p := cc.Build(pickfirst2.NewBuilder())
	defer p.Close()
	if err := p.UpdateWithConfig(`{"shuffleAddressList": true}`, endpoints...); err != nil {
		t.Fatalf("update: %v", err)
	}
	for i := 0; i < len(cc.SubConns()); i++ {
		sc := cc.SubConns()[i]
		tried = append(tried, sc.Addr())
		sc.Fail(errors.New("refused"))
	}
	return tried
}

// Endpoints are shuffled before families are interleaved, so both have their effect
// (gRFC A61).
func TestShuffledFamiliesAreInterleaved(t *testing.T) {
	t.Parallel()
	orders := map[string]bool{}
	for range 100 {
		tried := triedWhenShuffled(t, balancertest.Endpoints("[::1]:1", "[::2]:1", "10.0.0.1:1", "10.0.0.2:1")...)
		for i := range tried[1:] {
			if strings.HasPrefix(tried[i], "[") == strings.HasPrefix(tried[i+1], "[") {
				t.Fatalf("addresses were tried in the order %v, want the families in turn", tried)
			}
		}
		orders[strings.Join(tried, " ")] = true
	}
	if len(orders) != 8 { // each family first, each address first in its family
		t.Errorf("%d orders, want all 8", len(orders))
	}
}

// A policy does not keep the order of its first update. gRPC's pick_first does not either.
func TestEachUpdateIsShuffledAnew(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	p := cc.Build(pickfirst2.NewBuilder())
	defer p.Close()
	first := map[string]int{}
	for i := range 100 {
		before := len(cc.SubConns())
		endpoints := balancertest.Endpoints(fmt.Sprint("a:", i), fmt.Sprint("b:", i))
		if err := p.UpdateWithConfig(`{"shuffleAddressList": true}`, endpoints...); err != nil {
			t.Fatalf("update: %v", err)
		}
		first[cc.SubConns()[before].Addr()[:1]]++
	}
	if first["a"] == 0 || first["b"] == 0 {
		t.Errorf("endpoints were first %v times, want each now and then", first)
	}
}

// The chance of an endpoint to be the first is its part of the weights (gRFC A113).
func TestAHeavyEndpointIsOftenFirst(t *testing.T) {
	t.Parallel()
	const rounds = 1200
	first := map[string]int{}
	for range rounds {
		heavy := weight.Set(balancertest.Endpoint("b:1"), weight.EndpointInfo{Weight: 3})
		first[triedWhenShuffled(t, balancertest.Endpoint("a:1"), heavy)[0]]++
	}
	if got := first["b:1"]; got < 800 || got > 1000 { // 900 expected; the deviation is 15
		t.Errorf("the endpoint of weight 3 was first %d times in %d, want about 900: %v", got, rounds, first)
	}
}
