package realchannel_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestABackendThatIsNotServingIsReadyAndNotUsable(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3, func(i int, s *channeltest.Server) {
		if i == 2 {
			s.Health = nil // counts as healthy
		}
	})
	b := all.Addrs()
	c := channeltest.Dial(t, roundrobin2.Name, all, withHealth(roundrobin2.Name))
	c.CallUntilEven(ctx, 30, b...)
	unhealthy := "grpc_lb_unusable_subchannels " + b[1] + " unhealthy"
	wantUsable := func(want float64) {
		t.Helper()
		s := c.Series()
		for i, addr := range b {
			usable := 1.0
			if i == 1 {
				usable = want
			}
			if got := s["grpc_lb_usable_subchannels "+addr]; got != usable || s["grpc_lb_ready_subchannels "+addr] != 1 {
				t.Errorf("server %d: %v usable of %v READY, want %v of 1", i, got, s["grpc_lb_ready_subchannels "+addr], usable)
			}
		}
		if got := s[unhealthy]; got != 1-want {
			t.Errorf("%v unhealthy, want %v", got, 1-want)
		}
	}
	wantUsable(1)
	for range 2 {
		all[1].SetHealth(notServing)
		c.Await(ctx, unhealthy, 1)
		wantUsable(0)
		all[1].SetHealth(serving)
		c.Await(ctx, unhealthy, 0)
		wantUsable(1)
	}

	all[1].SetHealth(notServing)
	c.Await(ctx, unhealthy, 1)
	all[1].Kill()
	c.Await(ctx, "grpc_lb_ready_subchannels "+b[1], 0)
	if got := c.Value(unhealthy); got != 0 {
		t.Errorf("%v subchannels are unhealthy without a connection", got)
	}
	all[1].SetHealth(serving)
	all[1].Start()
	c.Await(ctx, "grpc_lb_usable_subchannels "+b[1], 1)
}

func TestWithoutHealthChecksEveryReadySubchannelIsUsable(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2, func(_ int, s *channeltest.Server) { s.SetHealth(notServing) })
	c := channeltest.Dial(t, roundrobin2.Name, all)
	c.CallUntilEven(ctx, 10, all.Addrs()...)
	for _, addr := range all.Addrs() {
		c.Await(ctx, "grpc_lb_usable_subchannels "+addr, 1)
		if got := c.Value("grpc_lb_unusable_subchannels " + addr + " unchecked"); got != 0 {
			t.Errorf("%v subchannels to %s are unchecked", got, addr)
		}
	}
}

// checkedBase is a policy on gRPC's package base whose SubConns change their state
// with their health.
const checkedBase = "checked_base_for_test"

func init() {
	balancer.Register(metrics.Default().Instrument(base.NewBalancerBuilder(checkedBase, anyReady{}, base.Config{HealthCheck: true})))
}

type anyReady struct{}

func (anyReady) Build(info base.PickerBuildInfo) balancer.Picker {
	for sc := range info.ReadySCs {
		return fixed{sc}
	}
	return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
}

type fixed struct{ sc balancer.SubConn }

func (f fixed) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: f.sc}, nil
}

// wantConnections checks what is counted of a server's connections.
func wantConnections(t *testing.T, c *channeltest.Client, when, addr string, made, lost float64) {
	t.Helper()
	s := c.Series()
	if got := s["grpc_lb_connection_attempts_succeeded_total "+addr]; got != made {
		t.Errorf("%s: %v connections made, want %v", when, got, made)
	}
	if got := s["grpc_lb_disconnections_total "+addr]; got != lost {
		t.Errorf("%s: %v connections lost, want %v", when, got, lost)
	}
}

// It also holds that the words by which a failed health check is known are gRPC's.
func TestHealthChecksThatAreStatesAreNoConnections(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 1, func(_ int, s *channeltest.Server) { s.SetHealth(notServing) })
	addr := all[0].Addr
	failed := "grpc_lb_connection_attempts_failed_total " + addr
	c := channeltest.Dial(t, checkedBase, all, withHealth(checkedBase))
	c.Conn.Connect()

	c.AwaitState(ctx, connectivity.TransientFailure)
	wantConnections(t, c, "not serving at first", addr, 1, 0)
	for range 2 {
		all[0].SetHealth(serving)
		c.AwaitState(ctx, connectivity.Ready)
		if got := c.Value("grpc_lb_usable_subchannels " + addr); got != 1 {
			t.Errorf("serving: %v usable subchannels, want 1", got)
		}
		wantConnections(t, c, "serving", addr, 1, 0)
		all[0].SetHealth(notServing)
		c.AwaitState(ctx, connectivity.TransientFailure)
		wantConnections(t, c, "not serving", addr, 1, 0)
	}
	if got := c.Value(failed); got != 0 {
		t.Errorf("%v connection attempts failed, want 0", got)
	}

	all[0].Kill()
	c.AwaitAtLeast(ctx, failed, 1)
	wantConnections(t, c, "killed", addr, 1, 1)
	all[0].SetHealth(serving)
	all[0].Start()
	c.AwaitState(ctx, connectivity.Ready)
	wantConnections(t, c, "started", addr, 2, 1)
}
