package metrics_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

var policies = []string{"metered_pick_first", "metered_round_robin", "metered_least_request_experimental"}

func configOf(policy string) string { return `{"loadBalancingConfig": [{"` + policy + `": {}}]}` }

func withLatency(policy string) string {
	return `{"loadBalancingConfig": [{"` + policy + `": {"balancer2Metrics": {"latency": true}}}]}`
}

func TestRPCsAreCountedByCodeAndBackend(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, configOf(policy), startServer(t), startServer(t), startServer(t))
			want := make(map[string]float64)
			for i := range 60 {
				asked := []codes.Code{codes.OK, codes.OK, codes.NotFound, codes.Internal, codes.Unauthenticated}[i%5]
				got, server := c.call(t.Context(), asked)
				if got != asked {
					t.Fatalf("RPC ended with %v, want %v", got, asked)
				}
				want["rpc_attempts_total "+server+" "+grpcstatus.Name(got)]++
				want["picks_total "+server]++
			}
			got := c.scrape(t)
			got.checkLaws(t)
			rpcs := got.of(func(p point) bool { return p.name == "rpc_attempts_total" || p.name == "picks_total" })
			if diff := cmp.Diff(want, rpcs.nonzero()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for name, want := range map[string]float64{"rpc_attempts_in_flight": 0, "repicks_total": 0, "picks_failed_total": 0, "policy_instances": 1} {
				if n := got.sum(name); n != want {
					t.Errorf("%s = %v, want %v", name, n, want)
				}
			}
			c.checkClosed(t)
		})
	}
}

// checkClosed closes the channel and checks the series that are left.
func (c *client) checkClosed(t *testing.T) {
	t.Helper()
	if err := c.conn.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	got := c.scrape(t)
	got.checkLaws(t)
	for _, name := range []string{"rpc_attempts_in_flight", "ready_subchannels", "subchannels", "policy_instances"} {
		if n := got.sum(name); n != 0 {
			t.Errorf("%s after Close = %v, want 0", name, n)
		}
	}
}

// Servers stop and come back under load. Each attempt that gRPC repeats by itself
// counts; an RPC that succeeds has exactly one successful attempt.
func TestLawsHoldWhileServersDie(t *testing.T) {
	t.Parallel()
	for _, policy := range policies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			servers := []*server{startServer(t), startServer(t), startServer(t)}
			c := newClient(t, withLatency(policy), servers...)
			stop := repeat(8, func() { c.call(t.Context(), codes.OK) })
			for range 4 {
				_, addr := c.call(t.Context(), codes.OK)
				i := slices.IndexFunc(servers, func(s *server) bool { return s.addr == addr })
				if i < 0 {
					t.Fatalf("RPC was answered by %q, which is no server", addr)
				}
				lost := c.scrape(t).sum("disconnections_total")
				servers[i].stop()
				c.callUntil(t, func(string) bool { return c.scrape(t).sum("disconnections_total") > lost })
				c.scrape(t).checkLaws(t)
				servers[i].start(t)
			}
			if policy != "metered_pick_first" {
				for _, s := range servers {
					c.callUntil(t, func(server string) bool { return server == s.addr })
				}
			}
			stop()

			got := c.scrape(t)
			got.checkLaws(t)
			if n := got.of(func(p point) bool { return p.extra == "OK" }).sum("rpc_attempts_total"); n != float64(c.ok.Load()) {
				t.Errorf("RPCs that are OK = %v, want %v", n, c.ok.Load())
			}
			if n := got.sum("rpc_attempts_in_flight"); n != 0 {
				t.Errorf("in flight = %v, want 0", n)
			}
			if measured, all := got.sum("rpc_attempt_duration_seconds_count"), got.sum("rpc_attempts_total"); measured != all {
				t.Errorf("RPCs measured = %v, want all of %v", measured, all)
			}
			if n := got.sum("disconnections_total"); n < 4 {
				t.Errorf("disconnections = %v, want 4 or more", n)
			}
			c.checkClosed(t)
		})
	}
}

func TestServersThatAreDownAreFailedAttempts(t *testing.T) {
	t.Parallel()
	up, down := startServer(t), startServer(t)
	down.stop()
	c := newClient(t, configOf("metered_round_robin"), up, down)
	c.callUntil(t, func(string) bool {
		return c.scrape(t).nonzero()["connection_attempts_failed_total "+down.addr] >= 2
	})
	got := c.scrape(t).nonzero()
	if n := got["ready_subchannels "+up.addr]; n != 1 {
		t.Errorf("READY SubConns to the server that is up = %v, want 1", n)
	}
	if n := got["connect_duration_seconds_count"]; n != 1 {
		t.Errorf("timed connections = %v, want 1", n)
	}
}

func TestGracefulSwitchBetweenMeteredPolicies(t *testing.T) {
	t.Parallel()
	servers := []*server{startServer(t), startServer(t)}
	c := newClient(t, configOf("metered_round_robin"), servers...)
	for _, s := range servers {
		c.callUntil(t, func(server string) bool { return server == s.addr })
	}
	next := listing(servers...)
	next.ServiceConfig = c.resolver.CC().ParseServiceConfig(configOf("metered_pick_first"))
	c.resolver.UpdateState(next)
	c.callUntil(t, func(string) bool {
		got := c.scrape(t)
		return got.ofPolicy("metered_round_robin").sum("policy_instances") == 0 && got.ofPolicy("metered_pick_first").sum("rpc_attempts_total") > 0
	})
	got := c.scrape(t)
	got.checkLaws(t)
	before, after := got.ofPolicy("metered_round_robin"), got.ofPolicy("metered_pick_first")
	if n, m := before.sum("subchannels"), before.sum("ready_subchannels"); n != 0 || m != 0 {
		t.Errorf("SubConns of the old policy = %v, READY %v, want 0 and 0", n, m)
	}
	if n := after.sum("ready_subchannels"); n != 1 {
		t.Errorf("READY SubConns of the new policy = %v, want 1", n)
	}
	// A pick of the old policy may hit a closing connection. That attempt fails, and
	// gRPC makes another.
	ok := got.of(func(p point) bool { return p.extra == "OK" }).sum("rpc_attempts_total")
	if ok != float64(c.ok.Load()) {
		t.Errorf("RPCs of both policies with OK = %v, want %v", ok, c.ok.Load())
	}
	c.checkClosed(t)
}
