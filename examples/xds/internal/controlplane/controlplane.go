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

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
)

// everyNode is the key of the only snapshot. All clients get it.
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
	refused error      // the last refusal of resources by a client
}

// Start serves the service at the address. The service has no endpoints before the
// first [Server.SetEndpoints]. Until then clients wait, or keep using the endpoints
// that an earlier server sent.
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
	callbacks := server.CallbackFuncs{StreamRequestFunc: s.noteRefusal}
	grpcServer := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, server.NewServer(ctx, s.cache, callbacks))
	serves := serving.Start(grpcServer, listener)
	s.stop = func() {
		cancel()
		_ = serves.Stop() // the client sees if the server failed before
	}
	return s, nil
}

// Stop stops the server. It may be called again.
func (s *Server) Stop() { s.stop() }

// Addr returns the address that the server listens on.
func (s *Server) Addr() string { return s.addr }

// SetEndpoints sends the endpoints to all clients, instead of the earlier ones. The
// listener and the cluster keep their versions and are not sent again.
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

// noteRefusal records a request that contains an error. With such a request a
// client refuses the last resources that it got, and keeps using the earlier ones.
func (s *Server) noteRefusal(_ int64, req *discovery.DiscoveryRequest) error {
	if req.GetErrorDetail() != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refused = fmt.Errorf("client refused %s: %s", req.GetTypeUrl(), req.GetErrorDetail().GetMessage())
	}
	return nil
}

// Refused returns the last refusal (NACK) of a client, or nil if there was none.
func (s *Server) Refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Bootstrap returns the configuration for clients of this server. Other programs
// have it in GRPC_XDS_BOOTSTRAP_CONFIG.
func (s *Server) Bootstrap() []byte {
	return fmt.Appendf(nil, `{
	"xds_servers": [{"server_uri": %q, "channel_creds": [{"type": "insecure"}]}],
	"node": {"id": "client"}
}`, "passthrough:///"+s.addr)
}
