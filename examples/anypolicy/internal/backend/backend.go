// Package backend runs the servers: they echo, take a while for it, and report
// their load as ORCA says, with each RPC and on a stream.
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
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// Kind is how a server behaves.
type Kind struct {
	Takes time.Duration // for each RPC
	// Utilization is what it reports, at 100 RPCs a second always: the weight
	// that weighted_round_robin gives it is the one by the other. A service
	// would measure both.
	Utilization float64
}

// Loaded tells whether the server is the one of the three that has more to do.
func (k Kind) Loaded() bool { return k == loaded }

var (
	normal = Kind{Takes: 2 * time.Millisecond, Utilization: .4}
	loaded = Kind{Takes: 50 * time.Millisecond, Utilization: .8}
)

// Three are the servers of this example.
var Three = []Kind{normal, normal, loaded}

// Server is one backend. Its address stays when it is killed and started again.
type Server struct {
	echo.UnimplementedEchoServer
	Kind
	Addr string

	served atomic.Int64
	grpc   *grpc.Server
	ended  chan error // of Serve
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
	s.grpc = grpc.NewServer(orca.CallMetricsServerOption(nil))
	s.ended = make(chan error, 1)
	echo.RegisterEchoServer(s.grpc, s)
	if err := orca.Register(s.grpc, orca.ServiceOptions{ServerMetricsProvider: load}); err != nil {
		return fmt.Errorf("start server %s: register load reports: %w", s.Addr, err)
	}
	server, ended := s.grpc, s.ended
	go func() {
		ended <- server.Serve(listener)
		close(ended)
	}()
	return nil
}

func (s *Server) report(to orca.ServerMetricsRecorder) {
	to.SetApplicationUtilization(s.Utilization)
	to.SetQPS(100)
}

// Kill breaks the server's connections and the RPCs on them. Of one that is dead
// it does nothing.
func (s *Server) Kill() error {
	s.grpc.Stop()
	return <-s.ended
}

// Restart starts a killed server where it was. The system may hold the address
// for a moment.
func (s *Server) Restart(ctx context.Context) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
		if err == nil {
			return s.serve(listener)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("restart server: %w", err)
		}
	}
}

// UnaryEcho implements the service. The answer is the server's address. An RPC
// carries a report only if its handler has asked for the recorder.
func (s *Server) UnaryEcho(ctx context.Context, _ *echo.EchoRequest) (*echo.EchoResponse, error) {
	takes := time.NewTimer(s.Takes)
	defer takes.Stop()
	select {
	case <-takes.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if load := orca.CallMetricsRecorderFromContext(ctx); load != nil {
		s.report(load)
	}
	s.served.Add(1)
	return &echo.EchoResponse{Message: s.Addr}, nil
}

// Served returns how many RPCs the server has answered.
func (s *Server) Served() int { return int(s.served.Load()) }
