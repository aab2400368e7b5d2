package registered_test

import (
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/endpointsharding"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// leaderAware builds a parent that looks into its child's picker, as a third party may
// write one. The child is round_robin. RPCs go to the leader if there is one, otherwise
// where round_robin sends them.
type leaderAware struct{ name string }

type leaderKey struct{}

func (b leaderAware) Name() string { return b.name }

func (b leaderAware) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return balancer.Get("round_robin").Build(&leaderConn{cc}, opts)
}

// leaderConn is the ClientConn of a leaderAware's child.
type leaderConn struct{ balancer.ClientConn }

func (cc *leaderConn) UpdateState(s balancer.State) {
	for _, child := range endpointsharding.ChildStatesFromPicker(s.Picker) {
		if child.Endpoint.Attributes.Value(leaderKey{}) != nil && child.State.ConnectivityState == connectivity.Ready {
			s = child.State
		}
	}
	cc.ClientConn.UpdateState(s)
}

// withLeader marks the endpoint at the index as the leader.
func withLeader(endpoints []resolver.Endpoint, index int) resolver.State {
	endpoints[index].Attributes = attributes.New(leaderKey{}, true)
	return resolver.State{Endpoints: endpoints}
}
