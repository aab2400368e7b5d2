package registered_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/balancer/rls" // registers rls_experimental
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	_ "google.golang.org/grpc/xds" // registers the policies of xDS, and weighted_round_robin

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func init() {
	if _, err := metrics.InstrumentRegistered(); err != nil {
		panic(err)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type backend struct {
	healthpb.UnimplementedHealthServer
}

func (backend) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return &healthpb.HealthCheckResponse{}, nil
}

// startServer starts a server on a loopback port that stops with the test, and
// returns its address.
func startServer(t *testing.T, register func(*grpc.Server)) *net.TCPAddr {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start server: %v", err)
	}
	srv := grpc.NewServer()
	register(srv)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(lis) }()
	t.Cleanup(func() {
		srv.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return lis.Addr().(*net.TCPAddr)
}

// startBackends starts servers that answer RPCs.
func startBackends(t *testing.T, n int) []*net.TCPAddr {
	t.Helper()
	addrs := make([]*net.TCPAddr, n)
	for i := range addrs {
		addrs[i] = startServer(t, func(srv *grpc.Server) { healthpb.RegisterHealthServer(srv, backend{}) })
	}
	return addrs
}

// names makes the targets of repeated runs of a test distinct.
var names atomic.Uint32

func newName() string { return fmt.Sprintf("backends-%d", names.Add(1)) }

// connect makes a channel to the backends.
func connect(t *testing.T, config string, backends []*net.TCPAddr) *grpc.ClientConn {
	t.Helper()
	var endpoints []resolver.Endpoint
	for _, b := range backends {
		endpoints = append(endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: b.String()}}})
	}
	r := manual.NewBuilderWithScheme("test")
	r.InitialState(channeltest.Groups{"all": endpoints}.State())
	return dial(t, "test:///"+newName(), grpc.WithResolvers(r), grpc.WithDefaultServiceConfig(config))
}

func dial(t *testing.T, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

const rpcs = 30

// call sends RPCs and returns how many went to each address. They wait while
// connections are made.
func call(t *testing.T, conn *grpc.ClientConn) map[string]float64 {
	t.Helper()
	ctx := channeltest.Context(t)
	got := map[string]float64{}
	for range rpcs {
		var p peer.Peer
		if _, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true), grpc.Peer(&p)); err != nil {
			t.Fatalf("RPC: %v", err)
		}
		got[p.Addr.String()]++
	}
	return got
}

// wantCounted checks how many RPCs were counted for each backend.
func wantCounted(t *testing.T, conn *grpc.ClientConn, want map[string]float64) {
	t.Helper()
	got := channeltest.RPCsBy(t, "grpc_lb_backend", prometheus.DefaultGatherer, conn)
	maps.DeleteFunc(got, func(_ string, n float64) bool { return n == 0 })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("RPCs by backend (-sent +counted):\n%s", diff)
	}
}
