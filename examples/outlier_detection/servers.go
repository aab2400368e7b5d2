package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// server answers with its name. While it is sick it fails all RPCs at once, which makes
// it look fast and idle to policies that prefer such servers. Its connections stay open.
type server struct {
	echo.UnimplementedEchoServer
	name, addr string
	sick       atomic.Bool
	serving    *serving.Server
}

// UnaryEcho implements [echo.EchoServer].
func (s *server) UnaryEcho(context.Context, *echo.EchoRequest) (*echo.EchoResponse, error) {
	if s.sick.Load() {
		return nil, status.Errorf(codes.Internal, "%s cannot read its disk", s.name)
	}
	return &echo.EchoResponse{Message: s.name}, nil
}

type servers []*server

// startServers starts n servers. The caller must stop the returned servers, even if there
// is an error.
func startServers(n int) (servers, error) {
	var all servers
	for i := range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return all, fmt.Errorf("start server: %w", err)
		}
		s := &server{name: fmt.Sprint("b", i+1), addr: listener.Addr().String()}
		registrar := grpc.NewServer()
		echo.RegisterEchoServer(registrar, s)
		s.serving = serving.Start(registrar, listener)
		all = append(all, s)
	}
	return all, nil
}

func (all servers) state() resolver.State {
	var state resolver.State
	for _, s := range all {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: s.addr}}})
	}
	return state
}

func (all servers) stop() error {
	var errs []error
	for _, s := range all {
		errs = append(errs, s.serving.Stop())
	}
	return errors.Join(errs...)
}
