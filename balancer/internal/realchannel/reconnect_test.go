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

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

func TestAnRPCThatWaitsForReadyOutlastsAllServersBeingDown(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 2)
		for _, s := range all {
			s.Kill()
		}
		c := channeltest.Dial(t, policy, all)
		c.Conn.Connect()
		c.AwaitState(ctx, connectivity.TransientFailure)

		const rpcs = 5
		answers := make(chan string, rpcs)
		for range rpcs {
			go func() {
				addr, err := c.Call(ctx, grpc.WaitForReady(true))
				if err != nil {
					t.Errorf("RPC that waits for ready: %v", err)
				}
				answers <- addr
			}()
		}
		if _, err := c.Call(ctx); status.Code(err) != codes.Unavailable {
			t.Errorf("RPC that does not wait: %v, want Unavailable", err)
		}
		if len(answers) > 0 {
			t.Errorf("%d RPCs that wait for ready ended while all servers were down", len(answers))
		}
		all[1].Start()
		for range rpcs {
			if addr := <-answers; addr != all[1].Addr {
				t.Errorf("RPC went to %q, want %s", addr, all[1].Addr)
			}
		}
		c.CallUntilEven(ctx, 10, all[1].Addr)
		c.CheckPicksAddUp(all.Addrs()...)
	})
}

func TestAChannelThatIdlesGivesAllUpAndComesBack(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 1)
		addr := all[0].Addr
		c := channeltest.Dial(t, policy, all, grpc.WithIdleTimeout(100*time.Millisecond))
		for visit := 1.0; visit <= 2; visit++ {
			if got, err := c.Call(ctx); err != nil || got != addr {
				t.Fatalf("RPC went to %q, %v", got, err)
			}
			c.AwaitState(ctx, connectivity.Idle)
			c.Await(ctx, "grpc_lb_policy_instances", 0)
			for key, want := range map[string]float64{
				"grpc_lb_subchannels READY":                           0,
				"grpc_lb_subchannels IDLE":                            0,
				"grpc_lb_ready_subchannels " + addr:                   0,
				"grpc_lb_connection_attempts_succeeded_total " + addr: visit,
			} {
				if got := c.Value(key); got != want {
					t.Errorf("after visit %v: %s = %v, want %v", visit, key, got, want)
				}
			}
		}
		c.CheckPicksAddUp(all.Addrs()...)
	})
}

func TestConnectWakesAnIdlePickFirst2(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2)
	c := channeltest.Dial(t, pickfirst2.Name, all)
	for range 3 {
		if got := c.Conn.GetState(); got != connectivity.Idle {
			t.Fatalf("the channel is %v, want IDLE until Connect", got)
		}
		c.Conn.Connect()
		c.AwaitState(ctx, connectivity.Ready)
		all[0].Kill() // cuts the connection
		c.AwaitState(ctx, connectivity.Idle)
		all[0].Start()
	}
	if got := c.Value("grpc_lb_connection_attempts_succeeded_total " + all[0].Addr); got != 3 {
		t.Errorf("%v connections to the first address, want 3", got)
	}
	if got := c.Value("grpc_lb_connection_attempts_succeeded_total " + all[1].Addr); got != 0 {
		t.Errorf("%v connections to the second address, want none", got)
	}
	if got := c.Value("grpc_lb_picks_total " + all[0].Addr); got != 0 {
		t.Errorf("%v picks, want none", got)
	}
}

func TestResetConnectBackoffRetriesAtOnce(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 1)
		all[0].Kill()
		long := backoff.Config{BaseDelay: time.Hour, Multiplier: 1, MaxDelay: time.Hour}
		c := channeltest.Dial(t, policy, all, grpc.WithConnectParams(grpc.ConnectParams{Backoff: long, MinConnectTimeout: time.Second}))
		c.Conn.Connect()
		c.AwaitState(ctx, connectivity.TransientFailure)
		all[0].Start()
		for range 10 {
			if _, err := c.Call(ctx); status.Code(err) != codes.Unavailable {
				t.Errorf("RPC before the reset: %v, want Unavailable", err)
			}
		}
		if got := all[0].Port.Accepted(); got != 1 {
			t.Errorf("%d connection attempts before the reset, want 1", got)
		}
		c.Conn.ResetConnectBackoff()
		if addr, err := c.Call(ctx, grpc.WaitForReady(true)); err != nil || addr != all[0].Addr {
			t.Errorf("RPC after the reset went to %q, %v", addr, err)
		}
		if got := all[0].Port.Accepted(); got != 2 {
			t.Errorf("%d connection attempts, want 2", got)
		}
	})
}
