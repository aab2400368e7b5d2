package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/balancer/randomsubsetting" // registers random_subsetting_experimental
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2, metered
	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// fleet is servers, and clients that know all of them.
type fleet struct {
	servers []*server
	clients []*client
	subset  int
}

type server struct {
	echo.UnimplementedEchoServer
	addr    string
	serving *serving.Server
}

// UnaryEcho implements [echo.EchoServer].
func (*server) UnaryEcho(context.Context, *echo.EchoRequest) (*echo.EchoResponse, error) {
	return new(echo.EchoResponse), nil
}

// client is one channel. In production it would be a process.
type client struct {
	name     string
	conn     *grpc.ClientConn
	resolver *manual.Resolver
}

// startFleet starts the servers. The caller must stop the returned fleet, even if there
// is an error.
func startFleet(servers, subset int) (*fleet, error) {
	f := &fleet{subset: subset}
	for range servers {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return f, fmt.Errorf("start server: %w", err)
		}
		s := &server{addr: listener.Addr().String()}
		registrar := grpc.NewServer()
		echo.RegisterEchoServer(registrar, s)
		s.serving = serving.Start(registrar, listener)
		f.servers = append(f.servers, s)
	}
	return f, nil
}

// runs numbers the clients of a process, so that each has series of its own.
var runs atomic.Int64

// grow adds clients until there are n. They connect at once.
func (f *fleet) grow(n int) error {
	for len(f.clients) < n {
		c := &client{name: fmt.Sprint("client ", len(f.clients)+1), resolver: manual.NewBuilderWithScheme("subsetting")}
		c.resolver.InitialState(f.without(nil))
		conn, err := grpc.NewClient(fmt.Sprintf("%s:///%d", c.resolver.Scheme(), runs.Add(1)),
			grpc.WithResolvers(c.resolver),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultServiceConfig(serviceConfig(f.subset)))
		if err != nil {
			return err
		}
		c.conn = conn
		conn.Connect()
		f.clients = append(f.clients, c)
	}
	return nil
}

// without returns a resolver's state with all servers but one.
func (f *fleet) without(left *server) resolver.State {
	var state resolver.State
	for _, s := range f.servers {
		if s != left {
			state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: s.addr}}})
		}
	}
	return state
}

// stop closes the channels and stops the servers.
func (f *fleet) stop() error {
	var errs []error
	for _, c := range f.clients {
		errs = append(errs, c.conn.Close())
	}
	for _, s := range f.servers {
		errs = append(errs, s.serving.Stop())
	}
	return errors.Join(errs...)
}

// call sends n RPCs, one after the other.
func (c *client) call(ctx context.Context, n int) error {
	for range n {
		if _, err := echo.NewEchoClient(c.conn).UnaryEcho(ctx, new(echo.EchoRequest)); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}
