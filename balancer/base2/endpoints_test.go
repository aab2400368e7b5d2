package base2

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/resolver"
)

// FuzzEndpointKey checks that two keys are equal if and only if the endpoints are the
// same to gRPC's resolver.EndpointMap: they have the same set of addresses.
func FuzzEndpointKey(f *testing.F) {
	for _, seed := range [][2]string{{"a", "a"}, {"a b", "b a"}, {"a b", "a"}, {"1 a", "a 1"}, {"3 abc", "3 abc 3"}, {"", "a"}, {"1", "a1"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		a, b := endpointOf(one), endpointOf(two)
		sameKey := endpointKey(a) == endpointKey(b)
		m := resolver.NewEndpointMap[bool]()
		m.Set(a, true)
		if _, same := m.Get(b); same != sameKey {
			t.Errorf("keys %q and %q; to gRPC the endpoints are the same: %v", endpointKey(a), endpointKey(b), same)
		}
		slices.Reverse(b.Addresses)
		if _, same := m.Get(b); same != (endpointKey(a) == endpointKey(b)) {
			t.Errorf("in reverse: key %q and %q; to gRPC the endpoints are the same: %v", endpointKey(a), endpointKey(b), same)
		}
	})
}

func endpointOf(text string) resolver.Endpoint {
	var e resolver.Endpoint
	for a := range strings.SplitSeq(text, " ") {
		e.Addresses = append(e.Addresses, resolver.Address{Addr: a})
	}
	return e
}
