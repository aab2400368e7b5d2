package trial

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// backends are echo servers on free ports of 127.0.0.1.
type backends struct {
	echo.UnimplementedEchoServer
	servers   []*serving.Server
	endpoints []resolver.Endpoint
}

func startBackends(n int) (*backends, error) {
	b := new(backends)
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start backend: %w", err), b.stop())
		}
		server := grpc.NewServer()
		echo.RegisterEchoServer(server, b)
		b.servers = append(b.servers, serving.Start(server, listener))
		b.endpoints = append(b.endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: listener.Addr().String()}}})
	}
	return b, nil
}

// UnaryEcho implements the service.
func (b *backends) UnaryEcho(_ context.Context, request *echo.EchoRequest) (*echo.EchoResponse, error) {
	return &echo.EchoResponse{Message: request.GetMessage()}, nil
}

func (b *backends) stop() error {
	var errs []error
	for _, server := range b.servers {
		errs = append(errs, server.Stop())
	}
	return errors.Join(errs...)
}
