package realchannel_test

import (
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/keepalive"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// mortal has a server end its connections with GOAWAY at about that age.
func mortal(age time.Duration) func(int, *channeltest.Server) {
	return func(_ int, s *channeltest.Server) {
		s.Options = append(s.Options, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: age}))
	}
}

func TestNoRPCIsLostToServersThatSendClientsAway(t *testing.T) {
	t.Parallel()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
			all := channeltest.StartServers(t, 2, mortal(100*time.Millisecond))
			c := channeltest.Dial(t, policy, all)
			stop := c.Load(ctx)
			var lost float64
			channeltest.Poll(ctx, func() bool {
				s := c.Series()
				lost = s["grpc_lb_disconnections_total "+all[0].Addr] + s["grpc_lb_disconnections_total "+all[1].Addr]
				return lost >= 4
			})
			sent, failed := stop()
			if len(failed) > 0 || lost < 4 {
				t.Errorf("%d of %d RPCs failed while %v connections went: %v", len(failed), sent, lost, failed)
			}
			c.CheckPicksAddUp(all.Addrs()...)
		})
	}
}

func TestPickFirst2IsIdleAfterGoAwayUntilTheNextRPC(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2, mortal(300*time.Millisecond)) // time for the RPC on a busy machine
	c := channeltest.Dial(t, pickfirst2.Name, all)
	const visits = 3
	for range visits {
		if addr, err := c.Call(ctx); err != nil || addr != all[0].Addr {
			t.Errorf("RPC went to %q, %v; want the first, %s", addr, err, all[0].Addr)
		}
		c.AwaitState(ctx, connectivity.Idle)
	}
	if got := c.Value("grpc_lb_connection_attempts_total " + all[0].Addr + " success"); got != visits {
		t.Errorf("%v connections for %d RPCs, want one each", got, visits)
	}
	if got := all[1].Port.Accepted(); got != 0 {
		t.Errorf("%d connections to the second address, want none", got)
	}
}

func TestRoundRobin2ReconnectsAfterGoAwayByItself(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2, mortal(100*time.Millisecond))
	c := channeltest.Dial(t, roundrobin2.Name, all)
	c.Conn.Connect()
	for _, s := range all {
		c.AwaitAtLeast(ctx, "grpc_lb_connection_attempts_total "+s.Addr+" success", 3)
	}
}
