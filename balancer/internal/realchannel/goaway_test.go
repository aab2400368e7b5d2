package realchannel_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/keepalive"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// mortal has a server send its clients away (GOAWAY) at that age, more or less.
func mortal(age time.Duration) func(int, *server) {
	return func(_ int, s *server) {
		s.opts = append(s.opts, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: age}))
	}
}

func TestNoRPCIsLostToServersThatSendClientsAway(t *testing.T) {
	t.Parallel()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			all := startServers(t, 2, mortal(100*time.Millisecond))
			c := dialServers(t, policy, all)
			stop := c.load(ctx)
			lost := 0.0
			for lost < 4 && ctx.Err() == nil {
				lost = c.value("grpc_lb_disconnections_total "+all[0].addr) + c.value("grpc_lb_disconnections_total "+all[1].addr)
			}
			sent, failed := stop()
			if len(failed) > 0 || lost < 4 {
				t.Errorf("%d of %d RPCs failed while %v connections went: %v", len(failed), sent, lost, failed)
			}
			c.checkLaw(all.backends()...)
		})
	}
}

func TestPickFirst2IsIdleAfterGoAwayUntilTheNextRPC(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2, mortal(300*time.Millisecond)) // time for the RPC on a busy machine
	c := dialServers(t, pickfirst2.Name, all)
	const visits = 3
	for range visits {
		if addr, err := c.call(ctx); err != nil || addr != all[0].addr {
			t.Errorf("RPC went to %q, %v; want the first, %s", addr, err, all[0].addr)
		}
		c.awaitState(ctx, connectivity.Idle)
	}
	if got := c.value("grpc_lb_connection_attempts_total " + all[0].addr + " success"); got != visits {
		t.Errorf("%v connections for %d RPCs, want one each", got, visits)
	}
	if got := all[1].port.accepted.Load(); got != 0 {
		t.Errorf("%d connections to the second address, want none", got)
	}
}

func TestRoundRobin2ReconnectsAfterGoAwayByItself(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2, mortal(100*time.Millisecond))
	c := dialServers(t, roundrobin2.Name, all)
	c.conn.Connect()
	for _, s := range all {
		c.await(ctx, "grpc_lb_connection_attempts_total "+s.addr+" success", 3)
	}
}
