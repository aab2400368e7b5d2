// Package serving runs gRPC servers in the background.
package serving

import (
	"errors"
	"net"

	"google.golang.org/grpc"
)

// Server is a running gRPC server.
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

// Stop closes the server's port and connections. RPCs in flight fail. If the server
// had failed before, Stop returns its error. It may be called more than once.
func (s *Server) Stop() error {
	s.server.Stop()
	return s.Wait()
}

// GracefulStop is [Server.Stop], but waits for the RPCs in flight first.
func (s *Server) GracefulStop() error {
	s.server.GracefulStop()
	return s.Wait()
}

// Wait waits until the server has ended. It returns the error that ended it, or nil
// if it was stopped.
func (s *Server) Wait() error {
	<-s.ended
	if errors.Is(s.err, grpc.ErrServerStopped) {
		return nil // it was stopped before it began to serve
	}
	return s.err
}
