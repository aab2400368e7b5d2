package base2

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
)

// endpointsOf returns the endpoints of a resolver update, filled in from Addresses
// if there are none.
func endpointsOf(s resolver.State) []resolver.Endpoint {
	if len(s.Endpoints) == 0 {
		return endpointPerAddress(s.Addresses)
	}
	return s.Endpoints
}

// endpointPerAddress makes an endpoint of each address, as gRPC's channel does for
// resolvers that send only addresses: BalancerAttributes become the endpoint's
// Attributes.
func endpointPerAddress(addrs []resolver.Address) []resolver.Endpoint {
	endpoints := make([]resolver.Endpoint, len(addrs))
	for i, a := range addrs {
		attributes := a.BalancerAttributes
		a.BalancerAttributes = nil
		endpoints[i] = resolver.Endpoint{Addresses: []resolver.Address{a}, Attributes: attributes}
	}
	return endpoints
}

// endpointKey identifies an endpoint by the set of its addresses' Addr fields, in
// any order, as gRPC's resolver.EndpointMap does.
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
	key.WriteByte(0)          // the key of a single address does not start with it
	for _, a := range addrs { // the length makes the key unambiguous
		key.WriteString(strconv.Itoa(len(a)))
		key.WriteByte(' ')
		key.WriteString(a)
	}
	return key.String()
}

// sameKeyFast tells whether two endpoints have the same Addr fields in the same
// order. If they do, their keys are equal; from one resolver update to the next this
// is the usual case, and saves making the key.
func sameKeyFast(a, b resolver.Endpoint) bool {
	return slices.EqualFunc(a.Addresses, b.Addresses, func(a, b resolver.Address) bool { return a.Addr == b.Addr })
}

// sameAddresses tells whether the addresses of two endpoints are equal in every
// field and in their order.
func sameAddresses(a, b resolver.Endpoint) bool {
	return same(func() bool { return slices.EqualFunc(a.Addresses, b.Addresses, resolver.Address.Equal) })
}

// sameConnection tells whether a connection to a can serve as one to b.
func sameConnection(a, b resolver.Address) bool {
	return a.Addr == b.Addr && a.ServerName == b.ServerName && sameAttributes(a.Attributes, b.Attributes)
}

func sameAttributes(a, b *attributes.Attributes) bool {
	return a == b || same(func() bool { return a.Equal(b) })
}

// same returns false if compare panics. Resolvers may set attributes that cannot be
// compared; grpc-go's round_robin does not compare them either.
func same(compare func() bool) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return compare()
}
