// Package backend runs the servers of this example. Each counts what it
// answers, so that the metrics can be compared with it, and can be made sick.
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

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// work is how long an answer takes, so that RPCs are under way when endpoints
// come and go.
const work = 5 * time.Millisecond

// Backend is a server on a free port of the loopback interface.
type Backend struct {
	echo.UnimplementedEchoServer
	Name string
	Zone string

	addr     netip.AddrPort
	stop     func()
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
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // it ends by Stop alone
	}()
	b.stop = func() {
		server.Stop()
		<-served
	}
	return b, nil
}

// Stop ends the server, with the RPCs that are under way. It may be called again.
func (b *Backend) Stop() { b.stop() }

// Addr is where the backend listens.
func (b *Backend) Addr() netip.AddrPort { return b.addr }

// SetSick makes the backend fail all RPCs with UNAVAILABLE, until it is called
// with false. Its connections stay.
func (b *Backend) SetSick(sick bool) { b.sick.Store(sick) }

// Answered is how many RPCs succeeded here.
func (b *Backend) Answered() int64 { return b.answered.Load() }

// Failed is how many RPCs failed here.
func (b *Backend) Failed() int64 { return b.failed.Load() }

// UnaryEcho answers with the backend's name.
func (b *Backend) UnaryEcho(ctx context.Context, _ *echo.EchoRequest) (*echo.EchoResponse, error) {
	if b.sick.Load() {
		b.failed.Add(1)
		return nil, status.Errorf(codes.Unavailable, "backend %s is sick", b.Name)
	}
	select {
	case <-time.After(work):
	case <-ctx.Done():
		b.failed.Add(1)
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	b.answered.Add(1)
	return &echo.EchoResponse{Message: b.Name}, nil
}
