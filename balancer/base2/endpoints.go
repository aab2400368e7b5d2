package base2

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/resolver"
)

// endpointsOf returns the endpoints of a resolver update. If it has only
// Addresses, each of them is one.
func endpointsOf(s resolver.State) []resolver.Endpoint {
	if len(s.Endpoints) == 0 {
		return endpointPerAddress(s.Addresses)
	}
	return s.Endpoints
}

// endpointPerAddress does what gRPC's channel does for resolvers that send only
// addresses: BalancerAttributes become the endpoint's Attributes.
func endpointPerAddress(addrs []resolver.Address) []resolver.Endpoint {
	endpoints := make([]resolver.Endpoint, len(addrs))
	for i, a := range addrs {
		attributes := a.BalancerAttributes
		a.BalancerAttributes = nil
		endpoints[i] = resolver.Endpoint{Addresses: []resolver.Address{a}, Attributes: attributes}
	}
	return endpoints
}

// endpointKey identifies an endpoint by the unordered set of its addresses'
// Addr, as gRPC's resolver.EndpointMap does.
func endpointKey(e resolver.Endpoint) string {
	if len(e.Addresses) == 1 {
		return e.Addresses[0].Addr
	}
	addrs := make([]string, len(e.Addresses))
	for i, a := range e.Addresses {
		addrs[i] = a.Addr
	}
	slices.Sort(addrs)
	var key strings.Builder
	key.WriteByte(0)          // with which no single address begins
	for _, a := range addrs { // with its length, so that no two sets are alike
		key.WriteString(strconv.Itoa(len(a)))
		key.WriteByte(' ')
		key.WriteString(a)
	}
	return key.String()
}

// sameAddrs tells whether two endpoints have the same Addrs in the same order, as
// they nearly always do from one resolver update to the next: a key need not be
// made then.
func sameAddrs(a, b resolver.Endpoint) bool {
	return slices.EqualFunc(a.Addresses, b.Addresses, func(a, b resolver.Address) bool { return a.Addr == b.Addr })
}

// sameAddresses tells whether a child that is READY has no use for an update
// from one endpoint to the other.
func sameAddresses(a, b resolver.Endpoint) bool {
	return same(func() bool { return slices.EqualFunc(a.Addresses, b.Addresses, resolver.Address.Equal) })
}

// sameConnection tells whether a connection to one address is as good as one to
// the other.
func sameConnection(a, b resolver.Address) bool {
	return a.Addr == b.Addr && a.ServerName == b.ServerName && same(func() bool { return a.Attributes.Equal(b.Attributes) })
}

func sameAttributes(a, b resolver.Endpoint) bool {
	return same(func() bool { return a.Attributes.Equal(b.Attributes) })
}

// same takes what cannot be compared for different. Resolvers may set attributes
// of any kind, and grpc-go's round_robin does not look at them.
func same(compare func() bool) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return compare()
}
