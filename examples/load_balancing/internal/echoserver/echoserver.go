// Package echoserver runs several servers in one process. Each has its own port and
// certificate.
package echoserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

// grace is the time that RPCs in flight have to end when the servers stop.
const grace = 3 * time.Second

// Config describes the servers.
type Config struct {
	Backends []backend.Backend
	// Credentials returns the credentials of the server with the name.
	Credentials func(name string) (credentials.TransportCredentials, error)
	// New makes the gRPC server of a backend.
	New func(backend.Backend, credentials.TransportCredentials) *grpc.Server
	// Listen opens the port of an address. If nil, net.Listen on TCP is used.
	Listen func(addr string) (net.Listener, error)
}

// Group is a set of servers, one for each backend.
type Group struct {
	servers []*server
}

type server struct {
	backend.Backend
	listener net.Listener
	grpc     *grpc.Server
}

// Listen opens all ports, so clients can connect once it has returned. The caller
// must call [Group.Run] or [Group.RunDuring], which serve and then close the ports.
func Listen(config Config) (*Group, error) {
	listen := config.Listen
	if listen == nil {
		listen = func(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }
	}
	g := &Group{}
	for _, b := range config.Backends {
		creds, err := config.Credentials(b.Name)
		if err != nil {
			g.stop()
			return nil, err
		}
		listener, err := listen(b.Addr)
		if err != nil {
			g.stop()
			return nil, fmt.Errorf("serve %s: %w; stop what has the port, or give another with -backends (port 0: any free one)", b, err)
		}
		served := backend.Backend{Name: b.Name, Addr: listener.Addr().String()}
		g.servers = append(g.servers, &server{Backend: served, listener: listener, grpc: config.New(served, creds)})
	}
	return g, nil
}

// Backends returns the backends with their real ports instead of port 0.
func (g *Group) Backends() []backend.Backend {
	backends := make([]backend.Backend, len(g.servers))
	for i, s := range g.servers {
		backends[i] = s.Backend
	}
	return backends
}

// RunDuring serves while f runs. If a server failed, it returns the server's error,
// which explains f's error. Otherwise it returns f's error.
func (g *Group) RunDuring(f func() error) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- g.Run(ctx) }()
	err := f()
	stop()
	return cmp.Or(<-stopped, err)
}

// Run serves until ctx is done or a server fails. Then it stops all servers. RPCs
// in flight have three seconds to end. Run returns the server's error, or nil if
// none failed. Call it only once.
func (g *Group) Run(ctx context.Context) error {
	failed := make(chan error, len(g.servers))
	var serving sync.WaitGroup
	for _, s := range g.servers {
		serving.Go(func() {
			err := s.grpc.Serve(s.listener)
			if err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				failed <- fmt.Errorf("serve %s: %w", s, err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	g.stop()
	serving.Wait()
	close(failed)
	return cmp.Or(err, <-failed) // one may have failed just before ctx was done
}

// stop stops all servers and closes their ports, even if they have not started to serve.
func (g *Group) stop() {
	var stopping sync.WaitGroup
	for _, s := range g.servers {
		stopping.Go(func() {
			hard := time.AfterFunc(grace, s.grpc.Stop)
			s.grpc.GracefulStop()
			hard.Stop()
			s.listener.Close() // a server that never served does not close it
		})
	}
	stopping.Wait()
}

// Service is grpc.examples.echo.Echo.
type Service struct {
	echo.UnimplementedEchoServer
	Port string
}

// UnaryEcho returns the message followed by the server's port.
func (s Service) UnaryEcho(_ context.Context, request *echo.EchoRequest) (*echo.EchoResponse, error) {
	return &echo.EchoResponse{Message: fmt.Sprintf("%s (from :%s)", request.GetMessage(), s.Port)}, nil
}
