package realchannel_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestNoRPCIsLostToServersThatSendClientsAway(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 2)
		c := channeltest.Dial(t, policy, all)
		used := map[string]int{pickfirst2.Name: 1, roundrobin2.Name: 2}[policy]
		c.CallUntilEven(ctx, 10, all.Addrs()[:used]...)

		stop := c.Load(ctx)
		const rounds = 4 // after more losses round_robin2 pauses
		for round := 1.0; round <= rounds; round++ {
			for _, s := range all {
				s.GoAway()
			}
			for _, s := range all[:used] {
				c.Await(ctx, "grpc_lb_disconnections_total "+s.Addr, round)
				c.AwaitAtLeast(ctx, "grpc_lb_connection_attempts_succeeded_total "+s.Addr, round+1)
			}
		}
		wantNoFailures(t, stop)
		c.CheckPicksAddUp(all.Addrs()...)
	})
}

func TestPickFirst2IsIdleAfterGoAwayUntilTheNextRPC(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2)
	c := channeltest.Dial(t, pickfirst2.Name, all)
	const visits = 3
	for range visits {
		if addr, err := c.Call(ctx); err != nil || addr != all[0].Addr {
			t.Errorf("RPC went to %q, %v; want the first, %s", addr, err, all[0].Addr)
		}
		all[0].GoAway()
		c.AwaitState(ctx, connectivity.Idle)
	}
	if got := c.Value("grpc_lb_connection_attempts_succeeded_total " + all[0].Addr); got != visits {
		t.Errorf("%v connections for %d RPCs, want one each", got, visits)
	}
	if got := c.Value("grpc_lb_connection_attempts_succeeded_total " + all[1].Addr); got != 0 {
		t.Errorf("%v connections to the second address, want none", got)
	}
}

func TestRoundRobin2ReconnectsAfterGoAwayByItself(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2)
	c := channeltest.Dial(t, roundrobin2.Name, all)
	c.Conn.Connect()
	for connections := 1.0; connections <= 3; connections++ {
		for _, s := range all {
			c.AwaitAtLeast(ctx, "grpc_lb_connection_attempts_succeeded_total "+s.Addr, connections)
			s.GoAway()
		}
	}
}
