package xdsparents_test

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds" // registers the parents

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers the policies
	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// backend answers RPCs. While it is sick, it fails them.
type backend struct {
	healthpb.UnimplementedHealthServer
	addr string
	stop func()
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
	srv := grpc.NewServer()
	b := &backend{addr: lis.Addr().String(), stop: srv.Stop}
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

// dial makes a channel with the service config and the resolver state.
func dial(t *testing.T, config string, state resolver.State) healthpb.HealthClient {
	r := manual.NewBuilderWithScheme("test")
	r.InitialState(state)
	conn, err := grpc.NewClient("test:///backends", grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(config))
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return healthpb.NewHealthClient(conn)
}

func endpointsOf(backends ...*backend) []resolver.Endpoint {
	var endpoints []resolver.Endpoint
	for _, b := range backends {
		endpoints = append(endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: b.addr}}})
	}
	return endpoints
}

// wantShares sends RPCs until the backends get the wanted numbers of 30.
func wantShares(ctx context.Context, t *testing.T, client healthpb.HealthClient, backends []*backend, want ...int) {
	t.Helper()
	var got []int
	if !channeltest.Poll(ctx, func() bool {
		got = sharesOf(ctx, client, backends)
		return slices.Equal(got, want)
	}) {
		t.Fatalf("of %d RPCs the backends got %v, want %v", rpcs, got, want)
	}
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
