package xdsparents_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

func init() { balancer.Register(atLevel{}) }

// atLevel is the policy between priority and the one that its config names. It
// gives that one the endpoints of its level, which outside xDS only a resolver
// attribute can tell.
type atLevel struct{}

type (
	levels    map[string][]resolver.Endpoint
	levelsKey struct{}
)

type atLevelConfig struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	Policy string `json:"policy"`
	Level  string `json:"level"`
}

func (atLevel) Name() string { return "at_level" }

func (atLevel) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	config := &atLevelConfig{}
	return config, json.Unmarshal(js, config)
}

func (atLevel) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return &levelPolicy{cc: cc, opts: opts}
}

type levelPolicy struct {
	balancer.Balancer // nil before the first update

	cc   balancer.ClientConn
	opts balancer.BuildOptions
}

func (p *levelPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	config := s.BalancerConfig.(*atLevelConfig)
	if p.Balancer == nil {
		p.Balancer = balancer.Get(config.Policy).Build(p.cc, p.opts)
	}
	all := s.ResolverState.Attributes.Value(levelsKey{}).(*levels)
	s.ResolverState.Endpoints, s.BalancerConfig = (*all)[config.Level], nil
	return p.Balancer.UpdateClientConnState(s)
}

// twoLevels prefers round_robin2 over the endpoints of one level to pick_first2
// over those of another.
const twoLevels = `{"loadBalancingConfig": [{"priority_experimental": {
	"children": {
		"preferred": {"config": [{"at_level": {"policy": "round_robin2", "level": "preferred"}}]},
		"fallback":  {"config": [{"at_level": {"policy": "pick_first2", "level": "fallback"}}]}
	},
	"priorities": ["preferred", "fallback"]
}}]}`

func TestPriorityFallsBackWhenAllOfALevelFail(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	b := []*backend{startBackend(t), startBackend(t), startBackend(t), startBackend(t)}
	client := dial(t, twoLevels, resolver.State{
		Endpoints:  endpointsOf(b...),
		Attributes: attributes.New(levelsKey{}, &levels{"preferred": endpointsOf(b[0], b[1]), "fallback": endpointsOf(b[2], b[3])}),
	})
	wantShares(ctx, t, client, b, 15, 15, 0, 0)
	b[0].stop()
	wantShares(ctx, t, client, b, 0, 30, 0, 0)
	b[1].stop()
	wantShares(ctx, t, client, b, 0, 0, 30, 0)
	b[2].stop()
	wantShares(ctx, t, client, b, 0, 0, 0, 30)
}
