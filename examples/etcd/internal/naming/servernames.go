package naming

import (
	"net"

	"google.golang.org/grpc/resolver"
)

// namedByHost is a resolver builder that sets the ServerName of each address to its host,
// unless the wrapped resolver has set one. etcd's naming resolver does not, so gRPC would
// expect every server to prove the name of the service.
type namedByHost struct{ resolver.Builder }

// Build implements [resolver.Builder].
func (b namedByHost) Build(target resolver.Target, cc resolver.ClientConn, opts resolver.BuildOptions) (resolver.Resolver, error) {
	return b.Builder.Build(target, namingConn{cc}, opts)
}

// namingConn is between the resolver and gRPC.
type namingConn struct{ resolver.ClientConn }

// UpdateState implements [resolver.ClientConn].
func (c namingConn) UpdateState(state resolver.State) error {
	// The slices belong to the resolver: copy them.
	endpoints := make([]resolver.Endpoint, len(state.Endpoints))
	for i, endpoint := range state.Endpoints {
		endpoints[i] = endpoint
		endpoints[i].Addresses = make([]resolver.Address, len(endpoint.Addresses))
		for j, address := range endpoint.Addresses {
			if host, _, err := net.SplitHostPort(address.Addr); err == nil && address.ServerName == "" {
				address.ServerName = host
			}
			endpoints[i].Addresses[j] = address
		}
	}
	state.Endpoints = endpoints
	return c.ClientConn.UpdateState(state)
}
