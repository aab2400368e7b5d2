// Package backend runs the servers of this example. Each counts its answers, so that they
// can be compared with the metrics. Each can be made to fail.
package backend

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// latency is the time that an answer takes, so that RPCs are in flight when
// endpoints come and go.
const latency = 5 * time.Millisecond

// Backend is a server on a free port of the loopback interface.
type Backend struct {
	echo.UnimplementedEchoServer
	Name string
	Zone string

	addr     netip.AddrPort
	serving  *serving.Server
	sick     atomic.Bool
	answered atomic.Int64
	failed   atomic.Int64
}

// Start runs a backend.
func Start(name, zone string) (*Backend, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start backend %s: %w", name, err)
	}
	server := grpc.NewServer()
	b := &Backend{Name: name, Zone: zone, addr: listener.Addr().(*net.TCPAddr).AddrPort()}
	echo.RegisterEchoServer(server, b)
	b.serving = serving.Start(server, listener)
	return b, nil
}

// Stop stops the server, which fails the RPCs in flight. It may be called again.
func (b *Backend) Stop() { _ = b.serving.Stop() } // a server that failed has failed RPCs already

// Addr returns the address that the backend listens on.
func (b *Backend) Addr() netip.AddrPort { return b.addr }

// SetSick makes the backend fail all RPCs with UNAVAILABLE, or answer them again. Its
// connections stay open.
func (b *Backend) SetSick(sick bool) { b.sick.Store(sick) }

// Answered returns the number of RPCs that succeeded.
func (b *Backend) Answered() int64 { return b.answered.Load() }

// Failed returns the number of RPCs that failed.
func (b *Backend) Failed() int64 { return b.failed.Load() }

// UnaryEcho answers with the backend's name.
func (b *Backend) UnaryEcho(ctx context.Context, _ *echo.EchoRequest) (*echo.EchoResponse, error) {
	if b.sick.Load() {
		b.failed.Add(1)
		return nil, status.Errorf(codes.Unavailable, "backend %s is sick", b.Name)
	}
	if err := wait.For(ctx, latency); err != nil {
		b.failed.Add(1)
		return nil, status.FromContextError(err).Err()
	}
	b.answered.Add(1)
	return &echo.EchoResponse{Message: b.Name}, nil
}
