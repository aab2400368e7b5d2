package realchannel_test

import (
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
	// RPCs go on to the other two.
	c.Await(ctx, "grpc_lb_ready_subchannels "+all[1].Addr, 0)
	sent, failed := stop()
	if len(failed) > channeltest.Workers {
		t.Errorf("%d of %d RPCs failed, want at most the %d in flight on the killed backend; the last: %v", len(failed), sent, channeltest.Workers, failed[len(failed)-1])
	}
	onlyUnavailable(t, failed)
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
	sent, failed := stop()
	if len(failed) > channeltest.Workers {
		t.Errorf("%d of %d RPCs failed, want at most the %d in flight; the last: %v", len(failed), sent, channeltest.Workers, failed[len(failed)-1])
	}
	onlyUnavailable(t, failed)
	c.CallUntilEven(ctx, 10, all[1].Addr)

	// It keeps a connection that works. When that is lost, it starts at the first
	// address.
	all[0].Start()
	c.CallUntilEven(ctx, 10, all[1].Addr)
	all[1].Kill()
	c.CallUntilEven(ctx, 10, all[0].Addr)
	c.CheckPicksAddUp(all.Addrs()...)
}

// TestTheLawHoldsUnderKills checks that picks add up, after load, kills and updates
// at the same time.
func TestTheLawHoldsUnderKills(t *testing.T) {
	t.Parallel()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
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
			onlyUnavailable(t, failed)
			picks, rpcs := c.CheckPicksAddUp(all.Addrs()...)
			if picks == 0 || rpcs == 0 {
				t.Errorf("%v picks and %v RPCs were counted", picks, rpcs)
			}
		})
	}
}
