// Command server runs the servers of the load-balancing example until it is
// interrupted. There is one server for each entry of -backends, with the
// certificate for its name.
//
//	go run ./examples/load_balancing/server
//	go run ./examples/load_balancing/server -backends member3.etcd.local=127.0.0.1:50053
package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/echoserver"
)

// newServer makes the gRPC server of one backend, which answers with its port.
// creds has its certificate, which is for that backend's name only.
func newServer(b backend.Backend, creds credentials.TransportCredentials) *grpc.Server {
	server := grpc.NewServer(grpc.Creds(creds))
	echo.RegisterEchoServer(server, echoserver.Service{Port: b.Port()})
	return server
}

func main() { cli.Main(cli.Server, run) }

func run(ctx context.Context, flags *cli.Flags) error {
	creds, err := flags.ServerCredentials()
	if err != nil {
		return err
	}
	servers, err := echoserver.Listen(echoserver.Config{Backends: flags.Backends, Credentials: creds, New: newServer})
	if err != nil {
		return err
	}
	for _, b := range servers.Backends() {
		fmt.Printf("serving %s\n", b)
	}
	return servers.Run(ctx)
}
