package balancertest

import (
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
)

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

// WithAttribute returns the endpoint with a further attribute for the policy, such
// as its zone. The endpoint that it is given stays as it is.
func WithAttribute(e resolver.Endpoint, key, value any) resolver.Endpoint {
	e.Attributes = e.Attributes.WithValue(key, value)
	return e
}

// WithWeight returns the endpoint with a weight, which policies read with
// [weight.FromEndpoint]. The endpoint that it is given stays as it is.
func WithWeight(e resolver.Endpoint, w uint32) resolver.Endpoint {
	return weight.Set(e, weight.EndpointInfo{Weight: w})
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
