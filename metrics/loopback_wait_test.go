package metrics_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// waitsSettle waits until what was counted of waits is as wanted. The end of an
// RPC's context is noticed a moment later.
func (c *client) waitsSettle(t *testing.T, want map[string]float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		got := make(map[string]float64)
		for _, p := range c.scrape(t) {
			if p.name == "pick_wait_seconds_count" && p.value > 0 {
				got[p.extra] = p.value
			}
		}
		same := len(got) == len(want)
		for reason, n := range want {
			same = same && got[reason] == n
		}
		if same && metrics.Waiting(loopback) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waits %v, want %v", got, want)
		case <-tick.C:
		}
	}
}

func (c *client) invoke(ctx context.Context, opts ...grpc.CallOption) codes.Code {
	return status.Code(c.conn.Invoke(ctx, "/test/0", new(emptypb.Empty), new(emptypb.Empty), opts...))
}

func (c *client) reach(t *testing.T, want connectivity.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for s := c.conn.GetState(); s != want; s = c.conn.GetState() {
		if !c.conn.WaitForStateChange(ctx, s) {
			t.Fatalf("the channel is %v, want %v", s, want)
		}
	}
}

// Not parallel with each other: they look at all RPCs that wait.
func TestWaitsOnRealChannels(t *testing.T) {
	t.Run("the first RPCs wait for a connection", func(t *testing.T) {
		c := newClient(t, configOf("metered_round_robin"), startServer(t))
		var rpcs sync.WaitGroup
		for range 5 {
			rpcs.Go(func() {
				if got := c.invoke(t.Context()); got != codes.OK {
					t.Errorf("RPC: %v", got)
				}
			})
		}
		rpcs.Wait()
		delayed := c.scrape(t).sum("picks_delayed_total")
		waits := c.scrape(t).sum("pick_wait_seconds_count")
		if waits > 5 || waits > delayed {
			t.Errorf("waits = %v, want 5 and the %v delayed picks at most", waits, delayed)
		}
		c.waitsSettle(t, map[string]float64{"connecting": waits})
		for range 10 {
			if got := c.invoke(t.Context()); got != codes.OK {
				t.Errorf("RPC: %v", got)
			}
		}
		if n := c.scrape(t).sum("pick_wait_seconds_count"); n != waits {
			t.Errorf("waits = %v with a connection, want %v as before", n, waits)
		}
	})
	t.Run("an RPC that is tried again has not waited", func(t *testing.T) {
		s := startServer(t)
		s.stop()
		c := newClient(t, `{"loadBalancingConfig": [{"metered_round_robin": {}}], "methodConfig": [{"name": [{}], "retryPolicy": {
			"maxAttempts": 5, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`, s)
		c.conn.Connect()
		c.reach(t, connectivity.TransientFailure)
		failed := c.scrape(t).sum("picks_failed_total")
		for range 5 {
			if got := c.invoke(t.Context()); got != codes.Unavailable {
				t.Errorf("RPC: %v, want Unavailable", got)
			}
		}
		if n := c.scrape(t).sum("picks_failed_total") - failed; n < 10 {
			t.Errorf("picks = %v, want more: gRPC has not tried again", n)
		}
		c.waitsSettle(t, nil)
	})
	t.Run("a failing picker holds back who is wait-for-ready", func(t *testing.T) {
		s := startServer(t)
		s.stop()
		c := newClient(t, configOf("metered_round_robin"), s)
		c.conn.Connect()
		c.reach(t, connectivity.TransientFailure)
		for range 3 {
			if got := c.invoke(t.Context()); got != codes.Unavailable {
				t.Errorf("RPC: %v, want Unavailable", got)
			}
		}
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if got := c.invoke(short, grpc.WaitForReady(true)); got != codes.DeadlineExceeded {
			t.Errorf("RPC: %v, want DeadlineExceeded", got)
		}
		c.waitsSettle(t, map[string]float64{"picker_failing_with_wait_for_ready": 1})

		var rpc sync.WaitGroup
		failed := c.scrape(t).sum("picks_failed_total")
		rpc.Go(func() {
			if got := c.invoke(t.Context(), grpc.WaitForReady(true)); got != codes.OK {
				t.Errorf("RPC: %v", got)
			}
		})
		for c.scrape(t).sum("picks_failed_total") == failed {
			if t.Context().Err() != nil {
				t.Fatal("the RPC has not asked the failing picker")
			}
		}
		s.start(t)
		rpc.Wait()
		c.waitsSettle(t, map[string]float64{"picker_failing_with_wait_for_ready": 2})
	})
}
