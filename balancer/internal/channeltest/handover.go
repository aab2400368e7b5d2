package channeltest

import (
	"encoding/json"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

// HandOver builds the policy "hand_over", which has another do its work, with the
// endpoints that HandOverState has put in a resolver attribute. It stands under
// parents such as weighted_target, which pass on only endpoints that are marked as
// xDS marks them. Its config names the other policy:
//
//	{"hand_over": {"policy": "round_robin"}}
type HandOver struct{}

type endpointsKey struct{}

type handOverConfig struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	Policy string `json:"policy"`
}

// HandOverState is a resolver update with the endpoints for HandOver.
func HandOverState(endpoints []resolver.Endpoint) resolver.State {
	return resolver.State{Endpoints: endpoints, Attributes: attributes.New(endpointsKey{}, &endpoints)}
}

// Name implements [balancer.Builder].
func (HandOver) Name() string { return "hand_over" }

// ParseConfig implements [balancer.ConfigParser].
func (HandOver) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	config := &handOverConfig{}
	return config, json.Unmarshal(js, config)
}

// Build implements [balancer.Builder].
func (HandOver) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
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
