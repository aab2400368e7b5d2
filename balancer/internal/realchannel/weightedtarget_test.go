package realchannel_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/balancer/weightedtarget" // registers weighted_target_experimental

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// targetWeights sends three RPCs of four to the target "spread", which uses
// round_robin2, and one to the target "first", which uses pick_first2.
const targetWeights = `{"loadBalancingConfig": [{"weighted_target_experimental": {"targets": {
	"spread": {"weight": 3, "childPolicy": [{"test_group": {"group": "spread", "policy": "round_robin2"}}]},
	"first":  {"weight": 1, "childPolicy": [{"test_group": {"group": "first", "policy": "pick_first2"}}]}
}}}]}`

// twoTargets starts two servers for each target, and a channel to them. It returns
// when both policies have all their connections.
func twoTargets(ctx context.Context, t *testing.T) (c *channeltest.Client, spread, first channeltest.Servers) {
	spread, first = channeltest.StartServers(t, 2), channeltest.StartServers(t, 2)
	c = channeltest.Dial(t, roundrobin2.Name, spread, grpc.WithDefaultServiceConfig(targetWeights))
	c.Resolver.InitialState(channeltest.Groups{"spread": spread.Endpoints(), "first": first.Endpoints()}.State())
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
	// The metrics show a connection shortly before the picker uses it.
	c.CallUntilReached(ctx, 50, spread[0].Addr, spread[1].Addr, first[0].Addr)
	counted := func(c *channeltest.Client, addr string) int {
		return int(c.Value("grpc_lb_rpc_attempts_total " + addr + " OK"))
	}
	before := [3]int{counted(c, spread[0].Addr), counted(c, spread[1].Addr), counted(c.As(pickfirst2.Name), first[0].Addr)}
	const rpcs = 400
	got := c.CallAll(ctx, rpcs)
	a, b, f := got[spread[0].Addr], got[spread[1].Addr], got[first[0].Addr]
	if a+b+f != rpcs {
		t.Errorf("RPCs went to %v, want %s, %s and %s only", got, spread[0].Addr, spread[1].Addr, first[0].Addr)
	}
	if d := a - b; d < -1 || d > 1 {
		t.Errorf("round_robin2 sent %d and %d RPCs to its endpoints, want them in turn", a, b)
	}
	// The choice between targets is random. Six standard deviations are 52.
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
	spread[1].Kill() // now the whole target is down
	c.CallUntilReached(ctx, 50, f[0])
	spread[0].Start()
	spread[1].Start()
	c.CallUntilReached(ctx, 50, s[0], s[1], f[0])

	// While another child is READY, an IDLE child waits for Connect.
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
		c.Update(channeltest.Groups{"spread": spread[:1].Endpoints(), "first": first[1:].Endpoints()}.State())
		c.CallUntilReached(ctx, 50, s[0], f[1])
		c.Update(channeltest.Groups{
			"spread": channeltest.Servers{spread[1], first[1]}.Endpoints(),
			"first":  channeltest.Servers{first[0], spread[0]}.Endpoints(),
		}.State())
		c.CallUntilReached(ctx, 50, s[1], f[1], f[0])
	}
	wantNoFailures(t, stop)
	c.CheckPicksAddUp(append(s, f...)...)
	c.As(pickfirst2.Name).CheckPicksAddUp(append(s, f...)...)
}
