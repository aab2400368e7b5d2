package xdsparents_test

import (
	"context"
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// ejecting ejects an endpoint for a second when half of its RPCs fail.
const ejecting = `{"loadBalancingConfig": [{"outlier_detection_experimental": {
	"interval": "0.050s",
	"baseEjectionTime": "1s",
	"maxEjectionTime": "1s",
	"maxEjectionPercent": 100,
	"failurePercentageEjection": {"threshold": 50, "enforcementPercentage": 100, "minimumHosts": 2, "requestVolume": 3},
	"childPolicy": [{"round_robin2": {}}]
}}]}`

// connect starts three servers and makes a channel to them that ejects. While sick is
// set, the second server fails its RPCs.
func connect(t *testing.T) (c *channeltest.Client, servers channeltest.Servers, sick *atomic.Bool) {
	t.Helper()
	sick = new(atomic.Bool)
	servers = channeltest.StartServers(t, 3, func(i int, s *channeltest.Server) {
		s.Probe.OnCall = func(context.Context) error {
			if i == 1 && sick.Load() {
				return status.Error(codes.Internal, "sick")
			}
			return nil
		}
	})
	return channeltest.Dial(t, roundrobin2.Name, servers, grpc.WithDefaultServiceConfig(ejecting)), servers, sick
}

func TestEjectedEndpointsGetNoPicksAndReturn(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c, servers, sick := connect(t)
	c.CallUntilEven(ctx, rpcs, servers.Addrs()...)
	sick.Store(true)
	c.CallUntilEven(ctx, rpcs, servers[0].Addr, servers[2].Addr)
	sick.Store(false)
	c.CallUntilEven(ctx, rpcs, servers.Addrs()...)
}

// An ejected endpoint keeps its connection.
func TestAnEjectedBackendIsReadyAndNotUsable(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	c, servers, sick := connect(t)
	usable := map[string]float64{"grpc_lb_ready_subchannels": 1, "grpc_lb_usable_subchannels": 1}
	c.CallUntilEven(ctx, rpcs, servers.Addrs()...)
	wantSubchannels(ctx, t, c, servers[1].Addr, usable)

	sick.Store(true)
	wantSubchannels(ctx, t, c, servers[1].Addr, map[string]float64{"grpc_lb_ready_subchannels": 1, "grpc_lb_unusable_subchannels ejected": 1})
	wantSubchannels(ctx, t, c, servers[0].Addr, usable)

	sick.Store(false)
	c.CallUntilEven(ctx, rpcs, servers.Addrs()...)
	wantSubchannels(ctx, t, c, servers[1].Addr, usable)
}

const rpcs = 30

// wantSubchannels sends RPCs until the backend's gauges of subchannels that are not 0
// are these. Without RPCs no endpoint is ejected again.
func wantSubchannels(ctx context.Context, t *testing.T, c *channeltest.Client, addr string, want map[string]float64) {
	t.Helper()
	var got map[string]float64
	if !channeltest.Poll(ctx, func() bool {
		for range rpcs {
			_, _ = c.Call(ctx) // some go to the sick server
		}
		got = subchannelsOf(c, addr)
		return maps.Equal(got, want)
	}) {
		t.Fatalf("the backend has the subchannels %v, want %v", got, want)
	}
}

func subchannelsOf(c *channeltest.Client, addr string) map[string]float64 {
	got := map[string]float64{}
	for key, n := range c.Series() {
		name, labels, _ := strings.Cut(key, " ")
		if reason, ok := strings.CutPrefix(labels, addr); ok && n != 0 && strings.HasSuffix(name, "_subchannels") {
			got[name+reason] = n
		}
	}
	return got
}
