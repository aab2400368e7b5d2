// Package serving runs gRPC servers in the background.
package serving

import (
	"errors"
	"net"

	"google.golang.org/grpc"
)

// Server is a gRPC server that serves.
type Server struct {
	server *grpc.Server
	ended  chan struct{}
	err    error // of Serve, to be read once ended is closed
}

// Start serves on the listener until the server is stopped.
func Start(server *grpc.Server, listener net.Listener) *Server {
	s := &Server{server: server, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = server.Serve(listener)
	}()
	return s
}

// Stop closes the server's port and connections, which fails the RPCs under way.
// It returns the error that ended the server before, if any. It may be called
// again.
func (s *Server) Stop() error {
	s.server.Stop()
	return s.Wait()
}

// GracefulStop is [Server.Stop], but lets the RPCs under way end first.
func (s *Server) GracefulStop() error {
	s.server.GracefulStop()
	return s.Wait()
}

// Wait waits for the end of the server and returns the error that ended it, nil if
// it was stopped.
func (s *Server) Wait() error {
	<-s.ended
	if errors.Is(s.err, grpc.ErrServerStopped) {
		return nil // it was stopped before it began to serve
	}
	return s.err
}
