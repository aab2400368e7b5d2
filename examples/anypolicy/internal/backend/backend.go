// Package backend runs the servers of this example. They answer after a delay, and
// report their load with each RPC and on a stream, as ORCA specifies.
package backend

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/orca"

	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// Kind says how a server behaves.
type Kind struct {
	Latency time.Duration // of each RPC
	// Utilization is what the server reports, together with a fixed rate of 100 RPCs
	// per second. weighted_round_robin divides the rate by the utilization to get the
	// server's weight. A real server would measure both.
	Utilization float64
}

// Loaded reports whether the server is the busiest of the three.
func (k Kind) Loaded() bool { return k == loaded }

var (
	normal = Kind{Latency: 2 * time.Millisecond, Utilization: .4}
	loaded = Kind{Latency: 50 * time.Millisecond, Utilization: .8}
)

// Three are the servers of this example.
var Three = []Kind{normal, normal, loaded}

// Server is one backend. It keeps its address when it is killed and restarted.
type Server struct {
	echo.UnimplementedEchoServer
	Kind
	Addr string

	served  atomic.Int64
	serving *serving.Server
}

// Start starts a server on a free port.
func Start(kind Kind) (*Server, error) {
	addrs, err := ports.Free(1)
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	s := &Server{Kind: kind, Addr: addrs[0]}
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	return s, s.serve(listener)
}

func (s *Server) serve(listener net.Listener) error {
	load := orca.NewServerMetricsRecorder()
	s.report(load)
	server := grpc.NewServer(orca.CallMetricsServerOption(nil))
	echo.RegisterEchoServer(server, s)
	if err := orca.Register(server, orca.ServiceOptions{ServerMetricsProvider: load}); err != nil {
		return fmt.Errorf("start server %s: register load reports: %w", s.Addr, err)
	}
	s.serving = serving.Start(server, listener)
	return nil
}

func (s *Server) report(to orca.ServerMetricsRecorder) {
	to.SetApplicationUtilization(s.Utilization)
	to.SetQPS(100)
}

// Kill closes the server's connections and fails the RPCs on them. Killing a
// server twice does nothing.
func (s *Server) Kill() error { return s.serving.Stop() }

// Restart starts a killed server at its old address. The system may hold the
// address for a moment; Restart tries until ctx is done.
func (s *Server) Restart(ctx context.Context) error {
	var listener net.Listener
	var listenErr error
	err := wait.Until(ctx, "its address is free", func() (bool, error) {
		listener, listenErr = net.Listen("tcp", s.Addr)
		return listenErr == nil, nil
	})
	if err != nil {
		return fmt.Errorf("restart server: %w: %w", err, listenErr)
	}
	return s.serve(listener)
}

// UnaryEcho answers with the server's address. An RPC carries a load report only
// if its handler asks for the recorder.
func (s *Server) UnaryEcho(ctx context.Context, _ *echo.EchoRequest) (*echo.EchoResponse, error) {
	if err := wait.For(ctx, s.Latency); err != nil {
		return nil, err
	}
	if load := orca.CallMetricsRecorderFromContext(ctx); load != nil {
		s.report(load)
	}
	s.served.Add(1)
	return &echo.EchoResponse{Message: s.Addr}, nil
}

// Served returns how many RPCs the server has answered.
func (s *Server) Served() int { return int(s.served.Load()) }
