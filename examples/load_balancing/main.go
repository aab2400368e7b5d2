// Command load_balancing shows the policies of this module at work. It runs TLS
// servers, each with a certificate for its own name only. It calls them through one
// channel with pick_first2 and one with round_robin2, and prints the metrics.
//
//	go run ./examples/load_balancing          # everything in one process
//	go run ./examples/load_balancing -keep    # keeps running, for Prometheus to scrape
//	go run ./examples/load_balancing -h       # all flags
//
// The folders server and client have the two halves as separate programs. Their
// main.go files explain each step.
package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/resolver"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers pick_first2 and round_robin2
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/calls"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/echoserver"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/exampleresolver"
)

func main() { cli.Main(cli.AllInOne, run) }

// run runs the servers until the client has finished.
func run(ctx context.Context, flags *cli.Flags) error {
	creds, err := flags.ServerCredentials()
	if err != nil {
		return err
	}
	config := echoserver.Config{Backends: flags.Backends, Credentials: creds, New: newServer}
	if !flags.Given("backends") {
		config.Listen = echoserver.ListenAnywhere // the user did not ask for the default ports
	}
	servers, err := echoserver.Listen(config)
	if err != nil {
		return err
	}
	flags.Backends = servers.Backends()
	return servers.RunDuring(func() error { return calls.Run(ctx, flags, dial) })
}

func newServer(b backend.Backend, creds credentials.TransportCredentials) *grpc.Server {
	server := grpc.NewServer(grpc.Creds(creds))
	echo.RegisterEchoServer(server, echoserver.Service{Port: b.Port()})
	return server
}

func dial(o calls.Options) (*grpc.ClientConn, *exampleresolver.Resolver, error) {
	servers := exampleresolver.New(o.Servers, func(s backend.Backend) resolver.Address {
		return resolver.Address{Addr: s.Addr, ServerName: s.Name}
	})
	conn, err := grpc.NewClient(calls.Target, grpc.WithResolvers(servers),
		grpc.WithDefaultServiceConfig(o.ServiceConfig), grpc.WithTransportCredentials(o.Credentials), grpc.WithNoProxy())
	return conn, servers, err
}
