// Command client is the client of the load-balancing example. It calls the servers
// with one policy after another, and prints which server answered.
//
//	go run ./examples/load_balancing/client
//	go run ./examples/load_balancing/client -server-name=channel                         # fails
//	go run ./examples/load_balancing/client -keep -backends-file FILE                    # servers come and go
//	go run ./examples/load_balancing/client -policies '{"loadBalancingConfig": [{"round_robin2": {}}]}'
package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers pick_first2 and round_robin2
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/calls"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/exampleresolver"
)

// dial makes a channel to the servers.
func dial(o calls.Options) (*grpc.ClientConn, *exampleresolver.Resolver, error) {
	servers := exampleresolver.New(o.Servers, func(s backend.Backend) resolver.Address {
		return resolver.Address{
			Addr: s.Addr, // where the server is, such as 127.0.0.1:50051
			// The name that the server must prove by its certificate, such as
			// member1.etcd.local. With -server-name=channel it is empty. Then
			// gRPC wants the channel's name, which no server has.
			ServerName: s.Name,
		}
	})
	conn, err := grpc.NewClient("example:///lb.example.grpc.io",
		grpc.WithResolvers(servers),                    // for the scheme example
		grpc.WithDefaultServiceConfig(o.ServiceConfig), // such as {"loadBalancingConfig": [{"round_robin2": {}}]}
		grpc.WithTransportCredentials(o.Credentials),
		grpc.WithNoProxy(), // connect to the servers directly, whatever HTTPS_PROXY says
	)
	return conn, servers, err
}

func main() { cli.Main(cli.Client, run) }

func run(ctx context.Context, flags *cli.Flags) error { return calls.Run(ctx, flags, dial) }
