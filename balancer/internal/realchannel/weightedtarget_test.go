package realchannel_test

import (
	"context"
	"encoding/json"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/weightedtarget"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func init() { balancer.Register(inTarget{}) }

// inTarget is a policy that stands between weighted_target and the policy that its
// config names, and gives the latter the endpoints of its target. Outside xDS a
// resolver can say which these are by attributes only; weighted_target passes
// them on.
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

// targetWeights sends three times as many RPCs to the target "spread", under
// round_robin2, as to the target "first", under pick_first2.
const targetWeights = `{"loadBalancingConfig": [{"weighted_target_experimental": {"targets": {
	"spread": {"weight": 3, "childPolicy": [{"in_target": {"policy": "round_robin2"}}]},
	"first":  {"weight": 1, "childPolicy": [{"in_target": {"policy": "pick_first2"}}]}
}}}]}`

// twoTargets starts two servers for each of the targets and a channel to them. It
// returns once the policies have all the connections that they want.
func twoTargets(ctx context.Context, t *testing.T) (c *channeltest.Client, spread, first channeltest.Servers) {
	spread, first = channeltest.StartServers(t, 2), channeltest.StartServers(t, 2)
	c = channeltest.Dial(t, roundrobin2.Name, spread, grpc.WithDefaultServiceConfig(targetWeights))
	c.Resolver.InitialState(targetState(targets{"spread": spread.Endpoints(), "first": first.Endpoints()}))
	c.Conn.Connect()
	for _, s := range spread {
		c.Await(ctx, "grpc_lb_ready_subchannels "+s.Addr, 1)
	}
	c.As(pickfirst2.Name).Await(ctx, "grpc_lb_ready_subchannels "+first[0].Addr, 1)
	return c, spread, first
}

func TestUnderWeightedTargetRPCsAreSpreadByWeight(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c, spread, first := twoTargets(ctx, t)
	// The metrics count a connection shortly before the picker uses it.
	c.CallUntilReached(ctx, 50, spread[0].Addr, spread[1].Addr, first[0].Addr)
	counted := func(c *channeltest.Client, addr string) int {
		return int(c.Value("grpc_lb_rpc_attempts_total " + addr + " OK"))
	}
	before := [3]int{counted(c, spread[0].Addr), counted(c, spread[1].Addr), counted(c.As(pickfirst2.Name), first[0].Addr)}
	const rpcs = 400
	got := map[string]int{}
	for range rpcs {
		addr, err := c.Call(ctx)
		if err != nil {
			t.Errorf("RPC: %v", err)
		}
		got[addr]++
	}
	a, b, f := got[spread[0].Addr], got[spread[1].Addr], got[first[0].Addr]
	if a+b+f != rpcs {
		t.Errorf("RPCs went to %v, want %s, %s and %s only", got, spread[0].Addr, spread[1].Addr, first[0].Addr)
	}
	if d := a - b; d < -1 || d > 1 {
		t.Errorf("round_robin2 sent %d and %d RPCs to its endpoints, want them in turn", a, b)
	}
	// The choice between targets is random: six standard deviations are 52.
	if f < rpcs/4-52 || f > rpcs/4+52 {
		t.Errorf("%d of %d RPCs went to the target of weight 1 of 4", f, rpcs)
	}
	for i, m := range []struct {
		policy, addr string
		want         int
	}{{roundrobin2.Name, spread[0].Addr, a}, {roundrobin2.Name, spread[1].Addr, b}, {pickfirst2.Name, first[0].Addr, f}} {
		if got := counted(c.As(m.policy), m.addr) - before[i]; got != m.want {
			t.Errorf("%s counted %v RPCs to %s, want %d", m.policy, got, m.addr, m.want)
		}
	}
}

func TestUnderWeightedTargetAKilledServerIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c, spread, first := twoTargets(ctx, t)
	s, f := spread.Addrs(), first.Addrs()
	c.CallUntilReached(ctx, 50, s[0], s[1], f[0])

	spread[0].Kill()
	c.CallUntilReached(ctx, 50, s[1], f[0])
	spread[1].Kill() // and with it the target
	c.CallUntilReached(ctx, 50, f[0])
	spread[0].Start()
	spread[1].Start()
	c.CallUntilReached(ctx, 50, s[0], s[1], f[0])

	// A child that is IDLE while others are READY waits for Connect.
	first[0].Kill()
	c.CallUntilReached(ctx, 50, s[0], s[1])
	c.Conn.Connect()
	c.CallUntilReached(ctx, 50, s[0], s[1], f[1])
	c.CheckPicksAddUp(s...)
	c.As(pickfirst2.Name).CheckPicksAddUp(f...)
}

func TestUnderWeightedTargetNoRPCIsLostToResolverUpdates(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c, spread, first := twoTargets(ctx, t)
	s, f := spread.Addrs(), first.Addrs()
	stop := c.Load(ctx)
	for range 3 {
		c.Update(targetState(targets{"spread": spread[:1].Endpoints(), "first": first[1:].Endpoints()}))
		c.CallUntilReached(ctx, 50, s[0], f[1])
		c.Update(targetState(targets{"spread": channeltest.Servers{spread[1], first[1]}.Endpoints(), "first": channeltest.Servers{first[0], spread[0]}.Endpoints()}))
		c.CallUntilReached(ctx, 50, s[1], f[1], f[0])
	}
	if sent, failed := stop(); len(failed) > 0 {
		t.Errorf("%d of %d RPCs failed; the last: %v", len(failed), sent, failed[len(failed)-1])
	}
	c.CheckPicksAddUp(append(s, f...)...)
	c.As(pickfirst2.Name).CheckPicksAddUp(append(s, f...)...)
}
