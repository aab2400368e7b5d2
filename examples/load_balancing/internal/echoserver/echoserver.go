// Package echoserver runs the servers of this example: several in one process,
// each with a port and a certificate of its own.
package echoserver

import (
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

// grace is how long RPCs under way may take to finish when the servers stop.
const grace = 3 * time.Second

// Config says what to serve, and how.
type Config struct {
	Backends []backend.Backend
	// Credentials returns what the server of the given name proves its
	// identity with.
	Credentials func(name string) (credentials.TransportCredentials, error)
	// Listen opens the port of an address. Nil stands for net.Listen on TCP.
	Listen func(addr string) (net.Listener, error)
}

// Group is servers that run together, one for each backend.
type Group struct {
	servers []*server
}

type server struct {
	backend.Backend
	listener net.Listener
	grpc     *grpc.Server
}

// Listen opens all ports, so that a client can connect as soon as it returns.
// [Group.Run] must follow: it serves, and it closes the ports.
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
		g.add(backend.Backend{Name: b.Name, Addr: listener.Addr().String()}, listener, creds)
	}
	return g, nil
}

func (g *Group) add(b backend.Backend, listener net.Listener, creds credentials.TransportCredentials) {
	s := grpc.NewServer(grpc.Creds(creds))
	echo.RegisterEchoServer(s, service{port: b.Port()})
	g.servers = append(g.servers, &server{Backend: b, listener: listener, grpc: s})
}

// Backends returns what is served, with the ports that were taken for port 0.
func (g *Group) Backends() []backend.Backend {
	backends := make([]backend.Backend, len(g.servers))
	for i, s := range g.servers {
		backends[i] = s.Backend
	}
	return backends
}

// Run serves until ctx is done or a server fails; it then gives the RPCs under
// way three seconds to finish and stops all servers. It returns the failure,
// nil if there was none. It must be called once.
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
	return err
}

// stop closes all servers and their ports, whether they serve already or not.
func (g *Group) stop() {
	var stopping sync.WaitGroup
	for _, s := range g.servers {
		stopping.Go(func() {
			hard := time.AfterFunc(grace, s.grpc.Stop)
			s.grpc.GracefulStop()
			hard.Stop()
			s.listener.Close() // a server that never served does not know its port
		})
	}
	stopping.Wait()
}

type service struct {
	echo.UnimplementedEchoServer
	port string
}

// UnaryEcho returns the message with the server's port behind it.
func (s service) UnaryEcho(_ context.Context, request *echo.EchoRequest) (*echo.EchoResponse, error) {
	return &echo.EchoResponse{Message: fmt.Sprintf("%s (from :%s)", request.GetMessage(), s.port)}, nil
}
