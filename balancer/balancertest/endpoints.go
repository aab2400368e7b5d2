package balancertest

import "google.golang.org/grpc/resolver"

// Endpoint returns one endpoint with the given addresses ("host:port").
func Endpoint(addrs ...string) resolver.Endpoint {
	var e resolver.Endpoint
	for _, a := range addrs {
		e.Addresses = append(e.Addresses, resolver.Address{Addr: a})
	}
	return e
}

// Endpoints returns one endpoint per address ("host:port").
func Endpoints(addrs ...string) []resolver.Endpoint {
	var es []resolver.Endpoint
	for _, a := range addrs {
		es = append(es, Endpoint(a))
	}
	return es
}

// ResolverState returns a resolver update with the endpoints. Like gRPC's channel,
// it fills Addresses with the endpoints' addresses.
func ResolverState(endpoints ...resolver.Endpoint) resolver.State {
	s := resolver.State{Endpoints: endpoints}
	for _, e := range endpoints {
		for _, a := range e.Addresses {
			a.BalancerAttributes = e.Attributes
			s.Addresses = append(s.Addresses, a)
		}
	}
	return s
}
