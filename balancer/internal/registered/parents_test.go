package registered_test

import (
	"encoding/json"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/endpointsharding"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

// leaderAware is a parent that looks into its child's picker, as a third party may
// write one: round_robin keeps the connections, and RPCs go to the leader. Without
// a leader they go where round_robin sends them.
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

// handOver is a policy that has another do its work, with the endpoints in a
// resolver attribute: weighted_target and its like leave out endpoints that are not
// marked as xDS marks them.
type handOver struct{}

type endpointsKey struct{}

type handOverConfig struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	Policy string `json:"policy"`
}

func (handOver) Name() string { return "hand_over" }

func (handOver) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	config := &handOverConfig{}
	return config, json.Unmarshal(js, config)
}

func (handOver) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return &handOverPolicy{cc: cc, opts: opts}
}

type handOverPolicy struct {
	balancer.Balancer // nil before the first update

	cc   balancer.ClientConn
	opts balancer.BuildOptions
}

func (p *handOverPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	if p.Balancer == nil {
		p.Balancer = balancer.Get(s.BalancerConfig.(*handOverConfig).Policy).Build(p.cc, p.opts)
	}
	s.ResolverState.Endpoints = *s.ResolverState.Attributes.Value(endpointsKey{}).(*[]resolver.Endpoint)
	s.BalancerConfig = nil
	return p.Balancer.UpdateClientConnState(s)
}

// toHandOver is a resolver update for policies with a handOver among them.
func toHandOver(endpoints []resolver.Endpoint) resolver.State {
	return resolver.State{Endpoints: endpoints, Attributes: attributes.New(endpointsKey{}, &endpoints)}
}
