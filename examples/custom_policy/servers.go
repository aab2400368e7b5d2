package main

import (
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
	"google.golang.org/protobuf/types/known/emptypb"
)

// servers answer any RPC after a while.
type servers struct {
	all       []*grpc.Server
	endpoints []resolver.Endpoint

	mu     sync.Mutex
	served []int
}

func startServers(latencies []time.Duration) (*servers, error) {
	s := &servers{served: make([]int, len(latencies))}
	for i, latency := range latencies {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return s, err
		}
		server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
				return err
			}
			time.Sleep(latency)
			s.mu.Lock()
			s.served[i]++
			s.mu.Unlock()
			return stream.SendMsg(new(emptypb.Empty))
		}))
		go func() { _ = server.Serve(listener) }() // ends with Stop
		s.all = append(s.all, server)
		s.endpoints = append(s.endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: listener.Addr().String()}}})
	}
	return s, nil
}

func (s *servers) stop() {
	for _, server := range s.all {
		server.Stop()
	}
}

func (s *servers) counts() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.served)
}
