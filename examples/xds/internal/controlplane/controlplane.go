package controlplane

import (
	"context"
	"fmt"
	"net"
	"sync"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
)

// everyNode is the key of the one snapshot, which all clients get.
const everyNode = "every node"

type sameForAll struct{}

func (sameForAll) ID(*core.Node) string { return everyNode }

// Server is a control plane that serves ADS.
type Server struct {
	addr    string
	service string
	cache   cache.SnapshotCache
	stop    func()
	fixed   cache.Snapshot // the listener and the cluster

	mu      sync.Mutex // guards refused
	refused error      // what a client last said of resources that it did not take
}

// Start serves the service at the address. There are no endpoints before the
// first [Server.SetEndpoints]; clients wait for them, or go on with those that
// they had from a server before.
func Start(addr string, service Service) (*Server, error) {
	fixed, err := service.snapshot()
	if err != nil {
		return nil, fmt.Errorf("describe service %s: %w", service.Name, err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for xDS clients: %w", err)
	}
	s := &Server{
		addr:    listener.Addr().String(),
		service: service.Name,
		cache:   cache.NewSnapshotCache(true, sameForAll{}, nil),
		fixed:   fixed,
	}
	ctx, cancel := context.WithCancel(context.Background())
	callbacks := server.CallbackFuncs{StreamRequestFunc: s.heard}
	grpcServer := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, server.NewServer(ctx, s.cache, callbacks))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = grpcServer.Serve(listener) // it ends by Stop alone
	}()
	s.stop = func() {
		cancel()
		grpcServer.Stop()
		<-served
	}
	return s, nil
}

// Stop ends the server. It may be called again.
func (s *Server) Stop() { s.stop() }

// Addr is where the server listens.
func (s *Server) Addr() string { return s.addr }

// SetEndpoints sends the endpoints to all clients, in place of those before. The
// listener and the cluster keep their versions, so that they are not sent again.
func (s *Server) SetEndpoints(ctx context.Context, localities ...Locality) error {
	snapshot := cache.Snapshot{Resources: s.fixed.Resources}
	endpoints, err := versioned(assignment(s.service, localities))
	if err != nil {
		return fmt.Errorf("set endpoints of %s: %w", s.service, err)
	}
	snapshot.Resources[types.Endpoint] = endpoints
	if err := s.cache.SetSnapshot(ctx, everyNode, &snapshot); err != nil {
		return fmt.Errorf("set endpoints of %s: %w", s.service, err)
	}
	return nil
}

// heard looks at a request. One that has an error in it is a client's refusal of
// the resources that it was sent before: it goes on with what it had.
func (s *Server) heard(_ int64, req *discovery.DiscoveryRequest) error {
	if req.GetErrorDetail() != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refused = fmt.Errorf("client refused %s: %s", req.GetTypeUrl(), req.GetErrorDetail().GetMessage())
	}
	return nil
}

// Refused returns what a client refused last (NACK), and why, nil if nothing.
func (s *Server) Refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Bootstrap is the configuration that leads a client to this server. It is what
// GRPC_XDS_BOOTSTRAP_CONFIG holds elsewhere.
func (s *Server) Bootstrap() []byte {
	return fmt.Appendf(nil, `{
	"xds_servers": [{"server_uri": %q, "channel_creds": [{"type": "insecure"}]}],
	"node": {"id": "client"}
}`, "passthrough:///"+s.addr)
}
