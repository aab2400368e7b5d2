package main

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// server answers each RPC after its latency.
type server struct {
	echo.UnimplementedEchoServer
	latency time.Duration
	addr    string
	served  atomic.Int64
	serving *serving.Server
}

func (s *server) UnaryEcho(ctx context.Context, _ *echo.EchoRequest) (*echo.EchoResponse, error) {
	if err := wait.For(ctx, s.latency); err != nil {
		return nil, err
	}
	s.served.Add(1)
	return new(echo.EchoResponse), nil
}

type servers []*server

// startServers starts a server for each latency. The caller must stop the returned
// servers, even if there is an error.
func startServers(latencies []time.Duration) (servers, error) {
	var all servers
	for _, latency := range latencies {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return all, err
		}
		s := &server{latency: latency, addr: listener.Addr().String()}
		registrar := grpc.NewServer()
		echo.RegisterEchoServer(registrar, s)
		s.serving = serving.Start(registrar, listener)
		all = append(all, s)
	}
	return all, nil
}

func (all servers) stop() {
	for _, s := range all {
		_ = s.serving.Stop() // a server that failed has failed the RPCs already
	}
}

func (all servers) endpoints() []resolver.Endpoint {
	var endpoints []resolver.Endpoint
	for _, s := range all {
		endpoints = append(endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: s.addr}}})
	}
	return endpoints
}

// served returns the number of RPCs that each server has answered.
func (all servers) served() []int {
	var counts []int
	for _, s := range all {
		counts = append(counts, int(s.served.Load()))
	}
	return counts
}
