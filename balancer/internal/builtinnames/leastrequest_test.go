package builtinnames_test

import (
	"context"
	"testing"

	_ "google.golang.org/grpc/balancer/leastrequest" // registers least_request_experimental
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// With two or three endpoints, 10 random draws nearly always include the one with
// the fewest RPCs.
const leastRequest = `{"loadBalancingConfig": [{"least_request_experimental": {"choiceCount": 10}}]}`

func TestUnderLeastRequestABusyServerGetsFewRPCs(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	arrived := make(chan struct{}, 1)
	release := make(chan struct{})
	hold := func(ctx context.Context) error {
		if md, _ := metadata.FromIncomingContext(ctx); len(md.Get("held")) > 0 {
			arrived <- struct{}{}
			select {
			case <-release:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	all := channeltest.StartServers(t, 2, func(_ int, s *channeltest.Server) { s.Probe.OnCall = hold })
	c := dial(t, pickfirst.Name, leastRequest, all)
	c.CallUntilReached(ctx, 20, all.Addrs()...)

	held := make(chan string, 1)
	go func() {
		addr, err := c.Call(metadata.AppendToOutgoingContext(ctx, "held", "yes"))
		if err != nil {
			t.Errorf("held RPC: %v", err)
		}
		held <- addr
	}()
	select {
	case <-arrived:
	case <-ctx.Done():
		t.Fatal("the RPC to be held did not arrive")
	}
	busy := inFlightAt(c, all)
	if len(busy) != 1 {
		t.Fatalf("the metrics show RPCs in flight at %v, want one server", busy)
	}
	const rpcs = 50
	got := c.CallAll(ctx, rpcs)
	// The busy server gets an RPC only if all ten draws choose it: one RPC in 1024.
	if got[busy[0]] > 5 {
		t.Errorf("RPCs went to %v while one was held at %s", got, busy[0])
	}
	close(release)
	if addr := <-held; addr != busy[0] {
		t.Errorf("the RPC was held at %s, but the metrics showed %s", addr, busy[0])
	}
	c.CallUntilReached(ctx, 20, all.Addrs()...)
	for addr, n := range got {
		if counted := c.Value("grpc_lb_rpc_attempts_total " + addr + " OK"); counted < float64(n) {
			t.Errorf("%s: %v RPCs counted, want %d or more", addr, counted, n)
		}
	}
}

// inFlightAt returns the addresses that have one RPC in flight.
func inFlightAt(c *channeltest.Client, all channeltest.Servers) (addrs []string) {
	series := c.Series()
	for _, addr := range all.Addrs() {
		if series["grpc_lb_rpc_attempts_in_flight "+addr] == 1 {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

func TestUnderLeastRequestAKilledServerIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := dial(t, pickfirst.Name, leastRequest, all)
	c.CallUntilReached(ctx, 60, all.Addrs()...)
	checkKilledServerIsLeftOut(ctx, c, all, 1)
	if got := c.Value("grpc_lb_disconnections_total " + all[1].Addr); got != 1 {
		t.Errorf("%v connections to the killed server were lost, want 1", got)
	}
	c.CheckPicksAddUp(all.Addrs()...)
}

// These parents ask a pick_first child to follow the health of its connection (gRFC
// A17).
func TestUnderGRPCsPoliciesHealthIsFollowed(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, policies string }{
		{"least request", `{"least_request_experimental": {}}`},
		{"ring hash", `{"ring_hash_experimental": {"requestHashHeader": "session"}}`},
		{"round robin", `{"` + roundrobin.Name + `": {}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
			all := channeltest.StartServers(t, 3)
			c := dial(t, pickfirst.Name, `{
				"loadBalancingConfig": [`+test.policies+`],
				"healthCheckConfig": {"serviceName": "`+channeltest.ProbeService+`"}
			}`, all)
			c.CallUntilReached(ctx, 60, all.Addrs()...)
			all[2].SetHealth(healthpb.HealthCheckResponse_NOT_SERVING)
			c.CallUntilReached(ctx, 60, all[0].Addr, all[1].Addr)
			all[2].SetHealth(healthpb.HealthCheckResponse_SERVING)
			c.CallUntilReached(ctx, 60, all.Addrs()...)
		})
	}
}
