package metrics_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// waitsSettle waits until the number of waits is as wanted: the end of an RPC's
// context is noticed a moment later.
func (c *client) waitsSettle(t *testing.T, want map[string]float64) {
	t.Helper()
	var got map[string]float64
	defer func() {
		if t.Failed() {
			t.Logf("waits %v, want %v", got, want)
		}
	}()
	eventually(t, "no RPC waits and the waits are counted", func() bool {
		got = make(map[string]float64)
		points := c.scrape(t)
		for _, p := range points {
			if p.name == "pick_delay_duration_seconds_count" && p.value > 0 {
				got[p.extra] = p.value
			}
		}
		return maps.Equal(got, want) && points.sum("rpc_attempts_waiting") == 0
	})
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

// The subtests are not parallel: each looks at all RPCs that wait.
func TestWaitsOnRealChannels(t *testing.T) {
	t.Run("the first RPCs wait for a connection", func(t *testing.T) {
		s := newServer(t)
		lis := s.listen(t)
		c := newClient(t, configOf("metered_round_robin"), s)
		var rpcs sync.WaitGroup
		for range 5 {
			rpcs.Go(func() {
				if got := c.invoke(t.Context()); got != codes.OK {
					t.Errorf("RPC: %v", got)
				}
			})
		}
		eventually(t, "all RPCs wait", func() bool { return c.scrape(t).sum("rpc_attempts_waiting") == 5 })
		s.serve(lis)
		rpcs.Wait()
		c.waitsSettle(t, map[string]float64{"connecting": 5})
		for range 10 {
			if got := c.invoke(t.Context()); got != codes.OK {
				t.Errorf("RPC: %v", got)
			}
		}
		c.waitsSettle(t, map[string]float64{"connecting": 5}) // and none once there is a connection
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
		eventually(t, "the RPC has asked the failing picker", func() bool {
			return c.scrape(t).sum("picks_failed_total") > failed
		})
		s.start(t)
		rpc.Wait()
		c.waitsSettle(t, map[string]float64{"picker_failing_with_wait_for_ready": 2})
	})
	t.Run("a wait ends with its policy, however long the stream lives", func(t *testing.T) {
		hangs, answers := newServer(t), startServer(t)
		lis := hangs.listen(t)
		defer lis.Close()
		c := newClient(t, configOf("metered_round_robin"), hangs)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var opening sync.WaitGroup
		opening.Go(func() {
			if _, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/test/0"); err != nil {
				t.Errorf("new stream: %v", err)
			}
		})
		eventually(t, "the stream waits for a connection", func() bool { return metrics.Waiting(loopback) == 1 })
		c.resolver.UpdateState(resolver.State{
			Addresses:     []resolver.Address{{Addr: answers.addr}},
			ServiceConfig: c.resolver.CC().ParseServiceConfig(configOf("round_robin")), // not metered
		})
		opening.Wait()
		c.waitsSettle(t, map[string]float64{"connecting": 1})
		if err := ctx.Err(); err != nil {
			t.Errorf("the stream has ended: %v", err)
		}
	})
}
