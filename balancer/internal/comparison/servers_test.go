package comparison_test

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"testing"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
)

const servers = 3

// fixture is a set of servers, and a channel to them for each variant.
type fixture struct {
	channels []*channel // in the order of variants
	closers  []func()
}

// newFixture returns a fixture in which each channel uses all its connections.
func newFixture(tb testing.TB) *fixture {
	f := &fixture{channels: make([]*channel, len(variants))}
	tb.Cleanup(f.close)
	var addresses []resolver.Address
	for range servers {
		addresses = append(addresses, resolver.Address{Addr: f.startServer(tb)})
	}
	// The order is random because it matters: the first of several equal channels is a
	// little slower.
	for _, i := range rand.Perm(len(variants)) {
		f.channels[i] = f.newChannel(tb, variants[i], addresses)
		f.channels[i].useAllServers(tb)
	}
	return f
}

// close closes the servers and channels. It may be called more than once.
func (f *fixture) close() {
	for _, closeOne := range slices.Backward(f.closers) {
		closeOne()
	}
	f.closers = nil
}

// server does as little work as possible.
type server struct {
	healthpb.UnimplementedHealthServer
}

var reply healthpb.HealthCheckResponse

func (server) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return &reply, nil
}

func (f *fixture) startServer(tb testing.TB) string {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("start server: %v", err)
	}
	s := grpc.NewServer()
	healthpb.RegisterHealthServer(s, server{})
	served := make(chan error, 1)
	go func() { served <- s.Serve(lis) }()
	f.closers = append(f.closers, func() {
		s.Stop()
		if err := <-served; err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	return lis.Addr().String()
}
