package channeltest

import (
	"encoding/json"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

func init() { balancer.Register(groupBuilder{}) }

// Groups are endpoints by the name of their group.
type Groups map[string][]resolver.Endpoint

type groupsKey struct{}

// State returns a resolver update with the endpoints of all groups. Parents such as
// weighted_target and priority give each child all endpoints of a resolver other
// than xDS's. The policy test_group, put between a parent and a child, passes on
// the endpoints of one group:
//
//	{"test_group": {"group": "preferred", "policy": "round_robin2"}}
func (g Groups) State() resolver.State {
	s := resolver.State{Attributes: attributes.New(groupsKey{}, &g)}
	for _, endpoints := range g {
		s.Endpoints = append(s.Endpoints, endpoints...)
	}
	return s
}

type groupBuilder struct{}

type groupConfig struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	Group  string `json:"group"`
	Policy string `json:"policy"`
}

func (groupBuilder) Name() string { return "test_group" }

func (groupBuilder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	config := &groupConfig{}
	return config, json.Unmarshal(js, config)
}

func (groupBuilder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return &groupPolicy{cc: cc, opts: opts}
}

type groupPolicy struct {
	balancer.Balancer // the child; nil before the first update

	cc   balancer.ClientConn
	opts balancer.BuildOptions
}

func (p *groupPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	config := s.BalancerConfig.(*groupConfig)
	if p.Balancer == nil {
		p.Balancer = balancer.Get(config.Policy).Build(p.cc, p.opts)
	}
	groups := s.ResolverState.Attributes.Value(groupsKey{}).(*Groups)
	s.ResolverState.Endpoints = (*groups)[config.Group]
	s.BalancerConfig = nil
	return p.Balancer.UpdateClientConnState(s)
}
