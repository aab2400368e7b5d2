package base2_test

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestSubConnInfoHasTheEndpointsAttributes(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	e := balancertest.Endpoint("a:1")
	e.Attributes = attributes.New("weight", 3)
	mustUpdate(t, p, e)
	cc.SubConn("a:1").Ready()
	weight := func() any {
		for _, info := range r.builds[len(r.builds)-1].ReadySCs {
			return info.Address.BalancerAttributes.Value("weight")
		}
		return nil
	}
	if got := weight(); got != 3 {
		t.Errorf("weight = %v, want 3", got)
	}
	e.Attributes = attributes.New("weight", 4)
	mustUpdate(t, p, e)
	if got := weight(); got != 4 {
		t.Errorf("weight after an update = %v, want 4", got)
	}
	if got := len(cc.SubConns()); got != 1 {
		t.Errorf("%d SubConns, want the one kept", got)
	}
}

// Addresses may have BalancerAttributes of their own, which PickerBuilders may read.
// They are those of the last update.
func TestAttributesOfAddressesAreThoseOfTheLastUpdate(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	send := func(s resolver.State) {
		t.Helper()
		if err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
			t.Fatalf("update: %v", err)
		}
	}
	want := func(want any) {
		t.Helper()
		for _, info := range r.builds[len(r.builds)-1].ReadySCs {
			if got := info.Address.BalancerAttributes.Value("k"); got != want {
				t.Errorf("attribute %v, want %v", got, want)
			}
		}
	}
	addr := func(value any) resolver.Address {
		a := resolver.Address{Addr: "a:1"}
		if value != nil {
			a.BalancerAttributes = attributes.New("k", value)
		}
		return a
	}
	endpoint := func(value any) resolver.State {
		return resolver.State{Endpoints: []resolver.Endpoint{{Addresses: []resolver.Address{addr(value)}}}}
	}
	send(endpoint("first"))
	cc.SubConn("a:1").Ready()
	want("first")
	send(endpoint("second"))
	want("second")
	send(endpoint(nil))
	want(nil)
	for _, value := range []any{"third", nil, "fourth"} { // without Endpoints they become the endpoint's Attributes
		send(resolver.State{Addresses: []resolver.Address{addr(value)}})
		want(value)
	}
	if got := len(cc.SubConns()); got != 1 {
		t.Errorf("%d SubConns, want the one kept", got)
	}
}

// Resolvers may set attributes that cannot be compared; these count as changed.
func TestAttributesThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	update := func() {
		mustUpdate(t, p, resolver.Endpoint{
			Addresses:  []resolver.Address{{Addr: "a:1"}},
			Attributes: attributes.New("tags", []string{"x"}),
		})
	}
	update()
	cc.SubConn("a:1").Ready()
	builds := len(r.builds)
	update()
	if got := fmt.Sprint(cc.SubConn("a:1").State(), len(r.builds)-builds); got != "READY 1" {
		t.Errorf("state and rebuilds after the update: %s, want READY 1", got)
	}
}
