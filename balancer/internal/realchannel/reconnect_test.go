package realchannel_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

func TestAnRPCThatWaitsForReadyOutlastsAllServersBeingDown(t *testing.T) {
	t.Parallel()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			all := startServers(t, 2)
			for _, s := range all {
				s.kill()
			}
			c := dialServers(t, policy, all)
			c.conn.Connect()
			c.awaitState(ctx, connectivity.TransientFailure)

			const rpcs = 5
			answers := make(chan string, rpcs)
			for range rpcs {
				go func() {
					addr, err := c.call(ctx, grpc.WaitForReady(true))
					if err != nil {
						t.Errorf("RPC that waits for ready: %v", err)
					}
					answers <- addr
				}()
			}
			if _, err := c.call(ctx); status.Code(err) != codes.Unavailable {
				t.Errorf("RPC that does not wait: %v, want Unavailable", err)
			}
			if len(answers) > 0 {
				t.Errorf("%d RPCs that wait for ready are over while all servers are down", len(answers))
			}
			all[1].start()
			for range rpcs {
				if addr := <-answers; addr != all[1].addr {
					t.Errorf("RPC went to %q, want %s", addr, all[1].addr)
				}
			}
			c.callsUntil(ctx, 10, all[1].backend)
			c.checkLaw(all.backends()...)
		})
	}
}

func TestAChannelThatIdlesGivesAllUpAndComesBack(t *testing.T) {
	t.Parallel()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			all := startServers(t, 1)
			addr := all[0].addr
			c := dialServers(t, policy, all, grpc.WithIdleTimeout(100*time.Millisecond))
			for visit := 1.0; visit <= 2; visit++ {
				if got, err := c.call(ctx); err != nil || got != addr {
					t.Fatalf("RPC went to %q, %v", got, err)
				}
				c.awaitState(ctx, connectivity.Idle)
				c.awaitNone(ctx, "grpc_lb_channels")
				for key, want := range map[string]float64{
					"grpc_lb_subchannels READY":                              0,
					"grpc_lb_subchannels IDLE":                               0,
					"grpc_lb_backend_ready " + addr:                          0,
					"grpc_lb_connection_attempts_total " + addr + " success": visit,
				} {
					if got := c.value(key); got != want {
						t.Errorf("after visit %v: %s = %v, want %v", visit, key, got, want)
					}
				}
			}
			c.checkLaw(all.backends()...)
		})
	}
}

func TestConnectWakesAnIdlePickFirst2(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2)
	c := dialServers(t, pickfirst2.Name, all)
	for range 3 {
		if got := c.conn.GetState(); got != connectivity.Idle {
			t.Fatalf("the channel is %v, want IDLE until Connect", got)
		}
		c.conn.Connect()
		c.awaitState(ctx, connectivity.Ready)
		all[0].kill() // which cuts the connection
		c.awaitState(ctx, connectivity.Idle)
		all[0].start()
	}
	if got := c.value("grpc_lb_connection_attempts_total " + all[0].addr + " success"); got != 3 {
		t.Errorf("%v connections to the first address, want 3", got)
	}
	if got := all[1].port.accepted.Load(); got != 0 {
		t.Errorf("%d connections to the second address, want none", got)
	}
	if got := c.value("grpc_lb_picks_total " + all[0].addr); got != 0 {
		t.Errorf("%v picks, want none", got)
	}
}

func TestResetConnectBackoffRetriesAtOnce(t *testing.T) {
	t.Parallel()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			all := startServers(t, 1)
			all[0].kill()
			long := backoff.Config{BaseDelay: time.Hour, Multiplier: 1, MaxDelay: time.Hour}
			c := dialServers(t, policy, all, grpc.WithConnectParams(grpc.ConnectParams{Backoff: long, MinConnectTimeout: time.Second}))
			c.conn.Connect()
			c.awaitState(ctx, connectivity.TransientFailure)
			all[0].start()
			for range 10 {
				if _, err := c.call(ctx); status.Code(err) != codes.Unavailable {
					t.Errorf("RPC before the reset: %v, want Unavailable", err)
				}
			}
			if got := all[0].port.accepted.Load(); got != 1 {
				t.Errorf("%d connection attempts before the reset, want 1", got)
			}
			c.conn.ResetConnectBackoff()
			if addr, err := c.call(ctx, grpc.WaitForReady(true)); err != nil || addr != all[0].addr {
				t.Errorf("RPC after the reset went to %q, %v", addr, err)
			}
			if got := all[0].port.accepted.Load(); got != 2 {
				t.Errorf("%d connection attempts, want 2", got)
			}
		})
	}
}
