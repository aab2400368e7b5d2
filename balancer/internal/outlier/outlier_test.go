package outlier_test

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds" // registers outlier_detection_experimental

	_ "github.com/grpc-balancer2/balancer2/balancer"
)

// backend answers RPCs, or fails them while it is sick.
type backend struct {
	healthpb.UnimplementedHealthServer
	addr string
	sick atomic.Bool
}

func (b *backend) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if b.sick.Load() {
		return nil, status.Error(codes.Internal, "sick")
	}
	return &healthpb.HealthCheckResponse{}, nil
}

func startBackend(t *testing.T) *backend {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start backend: %v", err)
	}
	b := &backend{addr: lis.Addr().String()}
	srv := grpc.NewServer()
	healthpb.RegisterHealthServer(srv, b)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(lis) }()
	t.Cleanup(func() {
		srv.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return b
}

// config ejects, for a second at a time, endpoints of whose RPCs half fail.
const config = `{"loadBalancingConfig": [{"outlier_detection_experimental": {
	"interval": "0.050s",
	"baseEjectionTime": "1s",
	"maxEjectionTime": "1s",
	"maxEjectionPercent": 100,
	"failurePercentageEjection": {"threshold": 50, "enforcementPercentage": 100, "minimumHosts": 2, "requestVolume": 3},
	"childPolicy": [{"round_robin2": {}}]
}}]}`

func TestEjectedEndpointsGetNoPicksAndReturn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	backends := []*backend{startBackend(t), startBackend(t), startBackend(t)}
	r := manual.NewBuilderWithScheme("outlier")
	var state resolver.State
	for _, b := range backends {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: b.addr})
	}
	r.InitialState(state)
	conn, err := grpc.NewClient("outlier:///backends", grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(config))
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	defer conn.Close()
	client := healthpb.NewHealthClient(conn)

	want := func(what string, shares ...int) {
		t.Helper()
		var got []int
		for ctx.Err() == nil {
			if got = sharesOf(ctx, client, backends); slices.Equal(got, shares) {
				return
			}
		}
		t.Fatalf("%s: shares of %d RPCs are %v, want %v", what, rpcs, got, shares)
	}
	want("all are well", 10, 10, 10)
	backends[1].sick.Store(true)
	want("one is sick, and ejected", 15, 0, 15)
	backends[1].sick.Store(false)
	want("it is well again, and back", 10, 10, 10)
}

const rpcs = 30

// sharesOf sends RPCs and returns how many each backend got.
func sharesOf(ctx context.Context, client healthpb.HealthClient, backends []*backend) []int {
	shares := make([]int, len(backends))
	for range rpcs {
		var p peer.Peer
		if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{}, grpc.Peer(&p)); err != nil && p.Addr == nil {
			continue
		}
		for i, b := range backends {
			if b.addr == p.Addr.String() {
				shares[i]++
			}
		}
	}
	return shares
}
