package channeltest

import (
	"errors"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/certs"
)

// Server is a gRPC server on a loopback port, with a certificate for its own name
// only. It can be killed and started again. It keeps its port while it is down.
type Server struct {
	Name    string // in its certificate
	Addr    string
	Options []grpc.ServerOption
	Port    *Port
	Probe   Probe
	Health  *Health // nil if the server has no health service

	t testing.TB

	mu  sync.Mutex   // guards srv
	srv *grpc.Server // nil while it is down
}

// Servers are several servers of one test.
type Servers []*Server

// StartServers starts n servers, which stop when the test ends. More than three share
// the names in their certificates. The setup functions may change server i before it
// starts.
func StartServers(t testing.TB, n int, setup ...func(i int, s *Server)) Servers {
	t.Helper()
	all := make(Servers, n)
	names := certs.Embedded().Members()
	for i := range all {
		port := NewPort(t)
		s := &Server{Name: names[i%len(names)], Addr: port.Addr().String(), Port: port, t: t}
		s.Health = &Health{Server: health.NewServer()}
		s.SetHealth(healthpb.HealthCheckResponse_SERVING)
		for _, f := range setup {
			f(i, s)
		}
		s.Start()
		t.Cleanup(s.Kill)
		all[i] = s
	}
	return all
}

// Start starts a server that is down.
func (s *Server) Start() {
	s.t.Helper()
	config, err := certs.Embedded().ServerConfig(s.Name)
	if err != nil {
		s.t.Fatalf("start server: %v", err)
	}
	srv := grpc.NewServer(append(s.Options, grpc.Creds(credentials.NewTLS(config)))...)
	s.Probe.Register(srv)
	if s.Health != nil {
		healthpb.RegisterHealthServer(srv, s.Health)
	}
	s.mu.Lock()
	s.srv = srv
	s.mu.Unlock()
	lis := s.Port.Open()
	go func() {
		if err := srv.Serve(lis); err != nil && !errors.Is(err, grpc.ErrServerStopped) { // Kill came before Serve
			s.t.Errorf("serve: %v", err)
		}
	}()
}

// Kill cuts all connections, and from then on each new one, until Start.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.srv != nil {
		s.srv.Stop()
		s.srv = nil
	}
}

// GoAway sends GOAWAY on all connections, which end after their RPCs in flight. The
// server accepts new connections all the time.
func (s *Server) GoAway() {
	s.t.Helper()
	s.mu.Lock()
	old := s.srv
	s.mu.Unlock()
	s.Start()
	old.GracefulStop()
}

// SetHealth sets the status of ProbeService in the server's health service.
func (s *Server) SetHealth(status healthpb.HealthCheckResponse_ServingStatus) {
	s.Health.SetServingStatus(ProbeService, status)
}

// Address returns the server's address as a resolver returns it.
func (s *Server) Address() resolver.Address {
	return resolver.Address{Addr: s.Addr, ServerName: s.Name}
}

// Addrs returns the servers' Addrs.
func (all Servers) Addrs() []string {
	addrs := make([]string, len(all))
	for i, s := range all {
		addrs[i] = s.Addr
	}
	return addrs
}

// Endpoints returns one endpoint per server.
func (all Servers) Endpoints() []resolver.Endpoint {
	endpoints := make([]resolver.Endpoint, len(all))
	for i, s := range all {
		endpoints[i].Addresses = []resolver.Address{s.Address()}
	}
	return endpoints
}

// State returns a resolver update with the servers' addresses. It has no endpoints.
func (all Servers) State() resolver.State {
	var state resolver.State
	for _, s := range all {
		state.Addresses = append(state.Addresses, s.Address())
	}
	return state
}
