package base2

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/resolver"
)

// keyedEndpoint is an endpoint with its identity.
type keyedEndpoint struct {
	resolver.Endpoint
	key string
}

// usable returns the endpoints of a resolver update that have an address, each
// once. If the update has only Addresses, each of them is an endpoint.
func usable(s resolver.State) []keyedEndpoint {
	endpoints := s.Endpoints
	if len(endpoints) == 0 {
		endpoints = endpointPerAddress(s.Addresses)
	}
	seen := make(map[string]bool, len(endpoints))
	distinct := make([]keyedEndpoint, 0, len(endpoints))
	for _, e := range endpoints {
		key := endpointKey(e)
		if len(e.Addresses) == 0 || seen[key] {
			continue
		}
		seen[key] = true
		distinct = append(distinct, keyedEndpoint{Endpoint: e, key: key})
	}
	return distinct
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
	for _, a := range addrs { // with its length, so that no two sets are alike
		key.WriteString(strconv.Itoa(len(a)))
		key.WriteByte(' ')
		key.WriteString(a)
	}
	return key.String()
}

// sameAddresses tells whether a child that is READY has no use for an update
// from one endpoint to the other.
func sameAddresses(a, b resolver.Endpoint) bool {
	return slices.EqualFunc(a.Addresses, b.Addresses, resolver.Address.Equal)
}
