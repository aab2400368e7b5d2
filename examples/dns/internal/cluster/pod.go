package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// work is how long a pod takes for an RPC, so that some are always under way
// when it stops.
const work = 5 * time.Millisecond

// pod is one server. It answers with its address.
type pod struct {
	echo.UnimplementedEchoServer
	addr   *net.TCPAddr
	server *grpc.Server
	served chan error
}

// startPod serves on the listener. A connection is closed, gently, when it is
// as old as age, give or take a tenth; the RPCs on it have grace to end. With age
// 0 connections live for ever.
func startPod(l net.Listener, age, grace time.Duration) *pod {
	p := &pod{addr: l.Addr().(*net.TCPAddr), served: make(chan error, 1)}
	p.server = grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{
		MaxConnectionAge:      age,
		MaxConnectionAgeGrace: grace,
	}))
	echo.RegisterEchoServer(p.server, p)
	go func() { p.served <- p.server.Serve(l) }()
	return p
}

// UnaryEcho returns the pod's address.
func (p *pod) UnaryEcho(ctx context.Context, _ *echo.EchoRequest) (*echo.EchoResponse, error) {
	select {
	case <-time.After(work):
		return &echo.EchoResponse{Message: p.addr.String()}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stop lets the RPCs under way end. Clients are told to go elsewhere with new
// ones, so that none fails.
func (p *pod) stop() error {
	p.server.GracefulStop()
	if err := <-p.served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve %s: %w", p.addr, err)
	}
	return nil
}
