package realchannel_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	serving    = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
)

// withHealth makes the channel watch the health of the servers' ProbeService.
func withHealth(policy string) grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{
		"loadBalancingConfig": [{"` + policy + `": {}}],
		"healthCheckConfig": {"serviceName": "` + channeltest.ProbeService + `"}
	}`)
}

// dialWithHealth starts n servers, and a channel that uses round_robin2 and watches
// their health.
func dialWithHealth(t *testing.T, n int, setup ...func(int, *channeltest.Server)) (context.Context, *channeltest.Client, channeltest.Servers) {
	t.Helper()
	all := channeltest.StartServers(t, n, setup...)
	c := channeltest.Dial(t, roundrobin2.Name, all, withHealth(roundrobin2.Name))
	return channeltest.Context(t), c, all
}

func TestAnEndpointThatIsNotServingGetsNoPicks(t *testing.T) {
	t.Parallel()
	ctx, c, all := dialWithHealth(t, 3)
	b := all.Addrs()
	c.CallUntilEven(ctx, 30, b...)

	stop := c.Load(ctx)
	all[1].SetHealth(notServing)
	c.CallUntilEven(ctx, 30, b[0], b[2])
	picks := c.Value("grpc_lb_picks_total " + b[1])
	for range 30 {
		if addr, err := c.Call(ctx); err != nil || addr == b[1] {
			t.Errorf("RPC while %s is not serving: went to %q, %v", b[1], addr, err)
		}
	}
	if got := c.Value("grpc_lb_picks_total " + b[1]); got != picks {
		t.Errorf("%v picks of the endpoint that is not serving, want %v as before", got, picks)
	}
	all[1].SetHealth(serving)
	wantNoFailures(t, stop)
	c.CallUntilEven(ctx, 30, b...)

	// The connections stay open all the time.
	if got := c.Value("grpc_lb_disconnections_total " + b[1]); got != 0 {
		t.Errorf("%v connections were lost", got)
	}
	if got := c.Value("grpc_lb_connection_attempts_succeeded_total " + b[1]); got != 1 {
		t.Errorf("%v connections to the endpoint that was not serving, want 1", got)
	}
	c.CheckPicksAddUp(b...)
}

func TestAnEndpointThatStartsNotServingJoinsWhenItServes(t *testing.T) {
	t.Parallel()
	ctx, c, all := dialWithHealth(t, 2, func(i int, s *channeltest.Server) {
		if i == 0 {
			s.SetHealth(notServing)
		}
	})
	b := all.Addrs()
	for range 30 {
		if addr, err := c.Call(ctx); err != nil || addr != b[1] {
			t.Errorf("RPC went to %q, %v; want %s, the one that serves", addr, err, b[1])
		}
	}
	all[0].SetHealth(serving)
	c.CallUntilEven(ctx, 30, b...)
}

func TestHealthIsFollowedAgainAfterAReconnect(t *testing.T) {
	t.Parallel()
	ctx, c, all := dialWithHealth(t, 2)
	b := all.Addrs()
	c.CallUntilEven(ctx, 10, b...)

	all[0].Kill()
	all[0].SetHealth(notServing)
	all[0].Start()
	c.AwaitAtLeast(ctx, "grpc_lb_connection_attempts_succeeded_total "+b[0], 2)
	c.CallUntilEven(ctx, 10, b[1])
	all[0].SetHealth(serving)
	c.CallUntilEven(ctx, 10, b...)
}

func TestWithNoEndpointServingRPCsFailAndSayWhy(t *testing.T) {
	t.Parallel()
	ctx, c, all := dialWithHealth(t, 2)
	b := all.Addrs()
	c.CallUntilEven(ctx, 10, b...)
	for _, s := range all {
		s.SetHealth(notServing)
	}
	c.AwaitState(ctx, connectivity.TransientFailure)
	_, err := c.Call(ctx)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "NOT_SERVING") {
		t.Errorf("RPC with no endpoint serving: %v, want Unavailable and NOT_SERVING", err)
	}

	waiting := make(chan error, 1)
	go func() {
		_, err := c.Call(ctx, grpc.WaitForReady(true))
		waiting <- err
	}()
	all[1].SetHealth(serving)
	if err := <-waiting; err != nil {
		t.Errorf("RPC that waited for an endpoint to serve: %v", err)
	}
	c.CallUntilEven(ctx, 10, b[1])
}

func TestAServerWithoutHealthServiceCountsAsHealthy(t *testing.T) {
	t.Parallel()
	ctx, c, all := dialWithHealth(t, 3, func(i int, s *channeltest.Server) {
		if i == 2 {
			s.Health = nil
		}
	})
	b := all.Addrs()
	c.CallUntilEven(ctx, 30, b...)
	all[0].SetHealth(notServing)
	c.CallUntilEven(ctx, 30, b[1], b[2])
}

// The servers are NOT_SERVING, but health checks are off. The servers get RPCs, and
// the channel does not watch their health.
func TestHealthIsNobodysBusiness(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy string
		opts         []grpc.DialOption
		want         int // the number of servers that get RPCs
	}{
		{"for a pick_first2 without parent", pickfirst2.Name, []grpc.DialOption{withHealth(pickfirst2.Name)}, 1},
		{"where it is disabled", roundrobin2.Name, []grpc.DialOption{withHealth(roundrobin2.Name), grpc.WithDisableHealthCheck()}, 2},
		{"without healthCheckConfig", roundrobin2.Name, nil, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
			all := channeltest.StartServers(t, 2, func(_ int, s *channeltest.Server) { s.SetHealth(notServing) })
			c := channeltest.Dial(t, test.policy, all, test.opts...)
			c.CallUntilEven(ctx, 10, all.Addrs()[:test.want]...)
			for i, s := range all {
				if n := s.Health.Watches.Load(); n != 0 {
					t.Errorf("the health of server %d was watched %d times", i, n)
				}
			}
		})
	}
}
