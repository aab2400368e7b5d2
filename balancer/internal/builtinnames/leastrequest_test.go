package builtinnames_test

import (
	"context"
	"testing"

	_ "google.golang.org/grpc/balancer/leastrequest" // registers least_request_experimental
	"google.golang.org/grpc/balancer/pickfirst"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// A choice of 10 among two or three is practically one of the best of them.
const leastRequest = `{"loadBalancingConfig": [{"least_request_experimental": {"choiceCount": 10}}]}`

func TestUnderLeastRequestABusyServerGetsFewRPCs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2)
	c := dial(t, leastRequest, all...)
	c.callsReach(ctx, 20, all...)

	held := make(chan string, 1)
	go func() {
		addr, err := c.call(ctx, "held")
		if err != nil {
			t.Errorf("RPC that is held: %v", err)
		}
		held <- addr
	}()
	busy := c.awaitInFlight(ctx)
	const rpcs = 50
	got := map[string]int{}
	for range rpcs {
		addr, err := c.call(ctx, "")
		if err != nil {
			t.Errorf("RPC: %v", err)
		}
		got[addr]++
	}
	// Of 1024 RPCs one is expected there: the server was drawn ten times.
	if got[busy] > 5 {
		t.Errorf("RPCs went to %v while one was held at %s", got, busy)
	}
	for _, s := range all {
		close(s.hold)
	}
	if addr := <-held; addr != busy {
		t.Errorf("the RPC was held at %s, the metrics said %s", addr, busy)
	}
	c.callsReach(ctx, 20, all...)
	counted := c.series(pickfirst.Name, "grpc_lb_rpcs_total")
	for addr, n := range got {
		if counted[addr+" OK"] < float64(n) {
			t.Errorf("%s: %v RPCs counted, want %d or more", addr, counted[addr+" OK"], n)
		}
	}
}

// awaitInFlight waits until an RPC is in flight and returns where.
func (c *client) awaitInFlight(ctx context.Context) (addr string) {
	c.t.Helper()
	for {
		for addr, n := range c.series(pickfirst.Name, "grpc_lb_rpcs_in_flight") {
			if n == 1 {
				return addr
			}
		}
		if ctx.Err() != nil {
			c.t.Fatal("no RPC is in flight")
		}
	}
}

func TestUnderLeastRequestAKilledServerIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3)
	c := dial(t, leastRequest, all...)
	c.callsReach(ctx, 60, all...)
	all[1].kill()
	c.callsReach(ctx, 60, all[0], all[2])
	all[1].start()
	c.callsReach(ctx, 60, all...)
	if got := c.series(pickfirst.Name, "grpc_lb_disconnections_total")[all[1].addr]; got != 1 {
		t.Errorf("%v connections to the killed server were lost, want 1", got)
	}
	picks := c.series(pickfirst.Name, "grpc_lb_picks_total")
	repicks := c.series(pickfirst.Name, "grpc_lb_repicks_total")
	finished := c.series(pickfirst.Name, "grpc_lb_rpcs_total")
	for _, s := range all {
		sum := repicks[s.addr] + finished[s.addr+" OK"] + finished[s.addr+" Unavailable"]
		if picks[s.addr] != sum {
			t.Errorf("%s: %v picks, but %v repicks and RPCs", s.addr, picks[s.addr], sum)
		}
	}
}

// TestUnderGRPCsPoliciesHealthIsFollowed has parents that ask grpc-go's
// pick_first to follow the health of its connection (gRFC A17).
func TestUnderGRPCsPoliciesHealthIsFollowed(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, config string }{
		{"least request", `{"loadBalancingConfig": [{"least_request_experimental": {}}], "healthCheckConfig": {"serviceName": "app"}}`},
		{"ring hash", `{"loadBalancingConfig": [{"ring_hash_experimental": {"requestHashHeader": "session"}}], "healthCheckConfig": {"serviceName": "app"}}`},
		{"round robin", `{"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": "app"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			all := startServers(t, 3)
			for _, s := range all {
				s.SetServingStatus("app", healthpb.HealthCheckResponse_SERVING)
			}
			c := dial(t, test.config, all...)
			c.callsReach(ctx, 60, all...)
			all[2].SetServingStatus("app", healthpb.HealthCheckResponse_NOT_SERVING)
			c.callsReach(ctx, 60, all[0], all[1])
			all[2].SetServingStatus("app", healthpb.HealthCheckResponse_SERVING)
			c.callsReach(ctx, 60, all...)
		})
	}
}
