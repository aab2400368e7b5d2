package registered_test

import (
	"fmt"
	"testing"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
)

// controlPlane is an xDS server with one resource of each type.
type controlPlane struct {
	discovery.UnimplementedAggregatedDiscoveryServiceServer
	resources map[string]*anypb.Any // by type
}

// startControlPlane starts an xDS server and returns the configuration of clients.
// The resources are in JSON, each with its type.
func startControlPlane(t *testing.T, resources ...string) (bootstrap []byte) {
	t.Helper()
	s := &controlPlane{resources: map[string]*anypb.Any{}}
	for _, js := range resources {
		r := &anypb.Any{}
		if err := protojson.Unmarshal([]byte(js), r); err != nil {
			t.Fatalf("resource: %v", err)
		}
		s.resources[r.GetTypeUrl()] = r
	}
	addr := startServer(t, func(srv *grpc.Server) { discovery.RegisterAggregatedDiscoveryServiceServer(srv, s) })
	return fmt.Appendf(nil, `{
		"node": {"id": "test"},
		"xds_servers": [{"server_uri": "passthrough:///%s", "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}]
	}`, addr)
}

// StreamAggregatedResources implements the service. A request with a nonce says that
// a resource was taken, or why it was not.
func (s *controlPlane) StreamAggregatedResources(stream discovery.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	for {
		req, err := stream.Recv()
		if err != nil {
			return err
		}
		if refused := req.GetErrorDetail(); refused != nil {
			return fmt.Errorf("%s: %s", req.GetTypeUrl(), refused.GetMessage())
		}
		if req.GetResponseNonce() != "" {
			continue
		}
		if err := stream.Send(&discovery.DiscoveryResponse{
			TypeUrl: req.GetTypeUrl(), VersionInfo: "1", Nonce: "1",
			Resources: []*anypb.Any{s.resources[req.GetTypeUrl()]},
		}); err != nil {
			return err
		}
	}
}
