package realchannel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/weightedtarget"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func init() { balancer.Register(inTarget{}) }

// inTarget is the policy between weighted_target and the one that its config
// names. It gives that one the endpoints of its target. Outside xDS a resolver
// has no means to say which these are, except for attributes, which
// weighted_target passes on.
type inTarget struct{}

// targets has the endpoints of each target, as a resolver attribute.
type (
	targets    map[string][]resolver.Endpoint
	targetsKey struct{}
)

type inTargetConfig struct {
	serviceconfig.LoadBalancingConfig `json:"-"`

	Policy string `json:"policy"`
}

func (inTarget) Name() string { return "in_target" }

func (inTarget) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	config := &inTargetConfig{}
	return config, json.Unmarshal(js, config)
}

func (inTarget) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return &targetPolicy{cc: cc, opts: opts}
}

type targetPolicy struct {
	balancer.Balancer // nil before the first update

	cc   balancer.ClientConn
	opts balancer.BuildOptions
}

func (p *targetPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	if p.Balancer == nil {
		p.Balancer = balancer.Get(s.BalancerConfig.(*inTargetConfig).Policy).Build(p.cc, p.opts)
	}
	all := s.ResolverState.Attributes.Value(targetsKey{}).(*targets)
	s.ResolverState.Endpoints = (*all)[weightedtarget.LocalityFromResolverState(s.ResolverState)]
	s.BalancerConfig = nil
	return p.Balancer.UpdateClientConnState(s)
}

// targetState is a resolver update with the endpoints of each target.
func targetState(all targets) resolver.State {
	s := resolver.State{Attributes: attributes.New(targetsKey{}, &all)}
	for _, endpoints := range all {
		s.Endpoints = append(s.Endpoints, endpoints...)
	}
	return s
}

func endpointsOf(backends ...*backend) []resolver.Endpoint {
	var es []resolver.Endpoint
	for _, b := range backends {
		es = append(es, resolver.Endpoint{Addresses: []resolver.Address{b.address()}})
	}
	return es
}

// targetWeights has RPCs go to the target "spread", where round_robin2 is,
// three times as often as to the target "first", where pick_first2 is.
const targetWeights = `{"loadBalancingConfig": [{"weighted_target_experimental": {"targets": {
	"spread": {"weight": 3, "childPolicy": [{"in_target": {"policy": "round_robin2"}}]},
	"first":  {"weight": 1, "childPolicy": [{"in_target": {"policy": "pick_first2"}}]}
}}}]}`

// twoTargets starts two servers for each of the targets, and a channel that is
// connected to all of them that its policies want.
func twoTargets(ctx context.Context, t *testing.T) (c *client, spread, first servers) {
	spread, first = startServers(t, 2), startServers(t, 2)
	c = dialServers(t, roundrobin2.Name, spread, grpc.WithDefaultServiceConfig(targetWeights))
	c.resolver.InitialState(targetState(targets{"spread": endpointsOf(spread.backends()...), "first": endpointsOf(first.backends()...)}))
	c.conn.Connect()
	for _, s := range spread {
		c.await(ctx, "grpc_lb_backend_ready "+s.addr, 1)
	}
	c.as(pickfirst2.Name).await(ctx, "grpc_lb_backend_ready "+first[0].addr, 1)
	return c, spread, first
}

// callsReach sends RPCs until the last 50 have gone to all of the wanted
// backends and to no other.
func (c *client) callsReach(ctx context.Context, want ...*backend) {
	c.t.Helper()
	const n = 50
	for {
		got := map[string]int{}
		for range n {
			addr, err := c.call(ctx)
			got[fmt.Sprint(addr, err)]++
		}
		reached := len(got) == len(want)
		for _, b := range want {
			reached = reached && got[fmt.Sprint(b.addr, nil)] > 0
		}
		if reached {
			return
		}
		if ctx.Err() != nil {
			c.t.Fatalf("the last %d RPCs went to %v", n, got)
		}
	}
}

func TestUnderWeightedTargetRPCsAreSpreadByWeight(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	c, spread, first := twoTargets(ctx, t)
	// A connection is counted a moment before the picker that uses it is out.
	c.callsReach(ctx, spread[0].backend, spread[1].backend, first[0].backend)
	counted := func(c *client, addr string) int { return int(c.value("grpc_lb_rpcs_total OK " + addr)) }
	before := [3]int{counted(c, spread[0].addr), counted(c, spread[1].addr), counted(c.as(pickfirst2.Name), first[0].addr)}
	const rpcs = 400
	got := map[string]int{}
	for range rpcs {
		addr, err := c.call(ctx)
		if err != nil {
			t.Errorf("RPC: %v", err)
		}
		got[addr]++
	}
	a, b, f := got[spread[0].addr], got[spread[1].addr], got[first[0].addr]
	if a+b+f != rpcs {
		t.Errorf("RPCs went to %v, want %s, %s and %s only", got, spread[0].addr, spread[1].addr, first[0].addr)
	}
	if d := a - b; d < -1 || d > 1 {
		t.Errorf("round_robin2 sent %d and %d RPCs to its endpoints, want them in turn", a, b)
	}
	// The choice between targets is random: six standard deviations are 52.
	if f < rpcs/4-52 || f > rpcs/4+52 {
		t.Errorf("%d of %d RPCs went to the target of weight 1 of 4", f, rpcs)
	}
	for i, m := range []struct {
		c    *client
		addr string
		want int
	}{{c, spread[0].addr, a}, {c, spread[1].addr, b}, {c.as(pickfirst2.Name), first[0].addr, f}} {
		if got := counted(m.c, m.addr) - before[i]; got != m.want {
			t.Errorf("%s counted %v RPCs to %s, want %d", m.c.policy, got, m.addr, m.want)
		}
	}
}

func TestUnderWeightedTargetAKilledServerIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	c, spread, first := twoTargets(ctx, t)
	s, f := spread.backends(), first.backends()
	c.callsReach(ctx, s[0], s[1], f[0])

	spread[0].kill()
	c.callsReach(ctx, s[1], f[0])
	spread[1].kill() // and with it the target
	c.callsReach(ctx, f[0])
	spread[0].start()
	spread[1].start()
	c.callsReach(ctx, s[0], s[1], f[0])

	// A child that is IDLE while others are READY waits for Connect.
	first[0].kill()
	c.callsReach(ctx, s[0], s[1])
	c.conn.Connect()
	c.callsReach(ctx, s[0], s[1], f[1])
	c.checkLaw(s...)
	c.as(pickfirst2.Name).checkLaw(f...)
}

func TestUnderWeightedTargetNoRPCIsLostToResolverUpdates(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	c, spread, first := twoTargets(ctx, t)
	s, f := spread.backends(), first.backends()
	stop := c.load(ctx)
	for range 3 {
		c.update(targetState(targets{"spread": endpointsOf(s[0]), "first": endpointsOf(f[1])}))
		c.callsReach(ctx, s[0], f[1])
		c.update(targetState(targets{"spread": endpointsOf(s[1], f[1]), "first": endpointsOf(f[0], s[0])}))
		c.callsReach(ctx, s[1], f[1], f[0])
	}
	if sent, failed := stop(); len(failed) > 0 {
		t.Errorf("%d of %d RPCs failed; the last: %v", len(failed), sent, failed[len(failed)-1])
	}
	c.checkLaw(append(s, f...)...)
	c.as(pickfirst2.Name).checkLaw(append(s, f...)...)
}
