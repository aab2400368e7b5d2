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

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	serving    = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
)

// withHealth has the channel follow what servers say of the probe.
func withHealth(policy string) grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{
		"loadBalancingConfig": [{"` + policy + `": {}}],
		"healthCheckConfig": {"serviceName": "` + probeService + `"}
	}`)
}

func TestAnEndpointThatIsNotServingGetsNoPicks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3)
	b := all.backends()
	c := dialServers(t, roundrobin2.Name, all, withHealth(roundrobin2.Name))
	c.callsUntil(ctx, 30, b...)

	stop := c.load(ctx)
	all[1].say(notServing)
	c.callsUntil(ctx, 30, b[0], b[2])
	picks := c.value("grpc_lb_picks_total " + b[1].addr)
	for range 30 {
		if addr, err := c.call(ctx); err != nil || addr == b[1].addr {
			t.Errorf("RPC while %s is not serving: went to %q, %v", b[1].addr, addr, err)
		}
	}
	if got := c.value("grpc_lb_picks_total " + b[1].addr); got != picks {
		t.Errorf("%v picks of the endpoint that is not serving, after %v when it was left out", got, picks)
	}
	all[1].say(serving)
	if sent, failed := stop(); len(failed) > 0 {
		t.Errorf("%d of %d RPCs failed; the last: %v", len(failed), sent, failed[len(failed)-1])
	}
	c.callsUntil(ctx, 30, b...)

	// Nothing of this has touched the connections.
	if got := c.value("grpc_lb_disconnections_total " + b[1].addr); got != 0 {
		t.Errorf("%v connections were lost", got)
	}
	c.checkLaw(b...)
}

func TestAnEndpointThatStartsNotServingJoinsWhenItServes(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2, func(i int, s *server) {
		if i == 0 {
			s.say(notServing)
		}
	})
	b := all.backends()
	c := dialServers(t, roundrobin2.Name, all, withHealth(roundrobin2.Name))
	for range 30 {
		if addr, err := c.call(ctx); err != nil || addr != b[1].addr {
			t.Errorf("RPC went to %q, %v; want %s, the one that serves", addr, err, b[1].addr)
		}
	}
	all[0].say(serving)
	c.callsUntil(ctx, 30, b...)
}

func TestHealthIsFollowedAgainAfterAReconnect(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2)
	b := all.backends()
	c := dialServers(t, roundrobin2.Name, all, withHealth(roundrobin2.Name))
	c.callsUntil(ctx, 10, b...)

	all[0].kill()
	all[0].say(notServing)
	all[0].start()
	c.await(ctx, "grpc_lb_connection_attempts_total "+b[0].addr+" success", 2)
	c.callsUntil(ctx, 10, b[1])
	all[0].say(serving)
	c.callsUntil(ctx, 10, b...)
}

func TestWithNoEndpointServingRPCsFailAndSayWhy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2)
	b := all.backends()
	c := dialServers(t, roundrobin2.Name, all, withHealth(roundrobin2.Name))
	c.callsUntil(ctx, 10, b...)
	for _, s := range all {
		s.say(notServing)
	}
	c.awaitState(ctx, connectivity.TransientFailure)
	_, err := c.call(ctx)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "NOT_SERVING") {
		t.Errorf("RPC with no endpoint serving: %v, want Unavailable and NOT_SERVING", err)
	}

	waiting := make(chan error, 1)
	go func() {
		_, err := c.call(ctx, grpc.WaitForReady(true))
		waiting <- err
	}()
	all[1].say(serving)
	if err := <-waiting; err != nil {
		t.Errorf("RPC that waited for an endpoint to serve: %v", err)
	}
	c.callsUntil(ctx, 10, b[1])
}

func TestAServerWithoutHealthServiceCountsAsHealthy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3, func(i int, s *server) {
		if i == 2 {
			s.health = nil
		}
	})
	b := all.backends()
	c := dialServers(t, roundrobin2.Name, all, withHealth(roundrobin2.Name))
	c.callsUntil(ctx, 30, b...)
	all[0].say(notServing)
	c.callsUntil(ctx, 30, b[1], b[2])
}

// TestHealthIsNobodysBusiness has servers that are not serving, where that is to
// make no difference, and nobody is to ask.
func TestHealthIsNobodysBusiness(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy string
		opts         []grpc.DialOption
		want         int // the servers that get RPCs
	}{
		{"for a pick_first2 without parent", pickfirst2.Name, []grpc.DialOption{withHealth(pickfirst2.Name)}, 1},
		{"where it is disabled", roundrobin2.Name, []grpc.DialOption{withHealth(roundrobin2.Name), grpc.WithDisableHealthCheck()}, 2},
		{"without healthCheckConfig", roundrobin2.Name, nil, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			all := startServers(t, 2, func(_ int, s *server) { s.say(notServing) })
			c := dialServers(t, test.policy, all, test.opts...)
			c.callsUntil(ctx, 10, all.backends()[:test.want]...)
			for i, s := range all {
				if n := s.health.watches.Load(); n != 0 {
					t.Errorf("the health of server %d was watched %d times", i, n)
				}
			}
		})
	}
}
