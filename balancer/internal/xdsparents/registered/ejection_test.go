package registered_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2, metered
	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// dialEjecting makes a channel to three servers, of which the second fails all RPCs, and
// ejects it for good.
func dialEjecting(t *testing.T, child string) (c *channeltest.Client, servers channeltest.Servers) {
	t.Helper()
	servers = channeltest.StartServers(t, 3, func(i int, s *channeltest.Server) {
		s.Probe.OnCall = func(context.Context) error {
			if i == 1 {
				return status.Error(codes.Internal, "sick")
			}
			return nil
		}
	})
	return channeltest.Dial(t, "outlier_detection_experimental", servers, grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"outlier_detection_experimental": {
		"interval": "0.050s", "baseEjectionTime": "1000s", "maxEjectionTime": "1000s", "maxEjectionPercent": 50,
		"failurePercentageEjection": {"threshold": 50, "enforcementPercentage": 100, "minimumHosts": 2, "requestVolume": 3},
		"childPolicy": [{"`+child+`": {}}]
	}}]}`)), servers
}

// Outlier detection, the outermost policy, does not hear of its own ejections.
func TestEjectionsAreHiddenIfOutlierDetectionIsMetered(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c, servers := dialEjecting(t, "round_robin")
	c.CallUntilEven(ctx, rpcs, servers[0].Addr, servers[2].Addr)
	sick := servers[1].Addr
	if usable, ejected := c.Value("grpc_lb_usable_subchannels "+sick), c.Value("grpc_lb_unusable_subchannels "+sick+" ejected"); usable != 1 || ejected != 0 {
		t.Errorf("the ejected backend has %v usable subchannels and %v ejected ones, want it to look usable", usable, ejected)
	}
	if n := len(c.As("round_robin").Series()); n != 0 {
		t.Errorf("round_robin has %d series, want none inside a metered policy", n)
	}
}

// The policies of this module are metered inside another metered policy, too, and so each
// RPC counts under both names.
func TestAMeteredChildShowsEjectionsAndCountsRPCsAgain(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c, servers := dialEjecting(t, "round_robin2")
	child := c.As("round_robin2")
	sick := servers[1].Addr
	c.CallUntilEven(ctx, rpcs, servers[0].Addr, servers[2].Addr)
	child.Await(ctx, "grpc_lb_unusable_subchannels "+sick+" ejected", 1)
	if usable := child.Value("grpc_lb_usable_subchannels " + sick); usable != 0 {
		t.Errorf("the ejected backend has %v usable subchannels, want none", usable)
	}
	_, outer := c.CheckPicksAddUp(servers.Addrs()...)
	_, inner := child.CheckPicksAddUp(servers.Addrs()...)
	if outer == 0 || inner != outer {
		t.Errorf("outlier detection has %v RPCs and round_robin2 %v, want each RPC under both", outer, inner)
	}
}
