package realchannel_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestRoundRobin2SurvivesAKilledBackend(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := channeltest.Dial(t, roundrobin2.Name, all)
	c.CallUntilEven(ctx, 30, all.Addrs()...)

	stop := c.Load(ctx)
	all[1].Kill()
	// The load continues on the other two.
	c.Await(ctx, "grpc_lb_ready_subchannels "+all[1].Addr, 0)
	wantOnlyRPCsInFlightFailed(t, stop)
	c.CallUntilEven(ctx, 30, all[0].Addr, all[2].Addr)

	all[1].Start()
	c.CallUntilEven(ctx, 30, all.Addrs()...)
	c.CheckPicksAddUp(all.Addrs()...)
}

func TestPickFirst2FailsOver(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := channeltest.Dial(t, pickfirst2.Name, all)
	c.CallUntilEven(ctx, 10, all[0].Addr)

	stop := c.Load(ctx)
	all[0].Kill()
	c.Await(ctx, "grpc_lb_ready_subchannels "+all[1].Addr, 1)
	wantOnlyRPCsInFlightFailed(t, stop)
	c.CallUntilEven(ctx, 10, all[1].Addr)

	// pick_first2 keeps a connection that works. When it loses that, it starts again
	// at the first address.
	all[0].Start()
	c.CallUntilEven(ctx, 10, all[1].Addr)
	all[1].Kill()
	c.CallUntilEven(ctx, 10, all[0].Addr)
	c.CheckPicksAddUp(all.Addrs()...)
}

// The law: picks = repicks + RPCs ended + RPCs in flight.
func TestTheLawHoldsUnderKills(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 3)
		c := channeltest.Dial(t, policy, all)
		c.CallUntilEven(ctx, 30, all.Addrs()[:map[string]int{pickfirst2.Name: 1, roundrobin2.Name: 3}[policy]]...)
		stop := c.Load(ctx, grpc.WaitForReady(true))
		for i := range 9 {
			all[i%3].Kill()
			c.Update(channeltest.Servers{all[i%3], all[(i+1)%3]}.State())
			for range 50 {
				_, _ = c.Call(ctx)
			}
			all[i%3].Start()
			c.Update(all.State())
		}
		_, failed := stop()
		wantUnavailable(t, failed)
		picks, rpcs := c.CheckPicksAddUp(all.Addrs()...)
		if picks == 0 || rpcs == 0 {
			t.Errorf("%v picks and %v RPCs were counted, want some", picks, rpcs)
		}
	})
}
