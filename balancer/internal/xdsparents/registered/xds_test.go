package registered_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/xds"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

const (
	listener = `{
		"@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": "%s",
		"apiListener": {"apiListener": {
			"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
			"routeConfig": {"name": "route", "virtualHosts": [{"domains": ["*"], "routes": [
				{"match": {"prefix": "/"}, "route": {"cluster": "backends"}}
			]}]},
			"httpFilters": [{"name": "router", "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]
		}}
	}`
	cluster = `{
		"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "backends",
		"type": "EDS", "edsClusterConfig": {"edsConfig": {"ads": {}}}, "outlierDetection": {}
	}`
	assignment = `{
		"@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", "clusterName": "backends",
		"endpoints": [{"locality": {"zone": "a"}, "loadBalancingWeight": 1, "lbEndpoints": [%s]}]
	}`
)

func assignmentOf(backends []*net.TCPAddr) string {
	var endpoints []string
	for _, b := range backends {
		endpoints = append(endpoints, fmt.Sprintf(`{"endpoint": {"address": {"socketAddress": {"address": "%s", "portValue": %d}}}}`, b.IP, b.Port))
	}
	return fmt.Sprintf(assignment, strings.Join(endpoints, ","))
}

// Under xDS there are nine policies inside one another, from xds_cluster_manager
// to the pick_first of each endpoint.
func TestUnderXDSTheOutermostPolicyCounts(t *testing.T) {
	t.Parallel()
	backends := startBackends(t, 3)
	name := newName()
	resolver, err := xds.NewXDSResolverWithConfigForTesting(startControlPlane(t, fmt.Sprintf(listener, name), cluster, assignmentOf(backends)))
	if err != nil {
		t.Fatalf("xDS resolver: %v", err)
	}
	conn := dial(t, "xds:///"+name, grpc.WithResolvers(resolver))
	sent := call(t, conn)
	want := map[string]float64{"xds_cluster_manager_experimental": rpcs}
	if diff := cmp.Diff(want, channeltest.RPCsBy(t, "grpc_lb_policy", prometheus.DefaultGatherer, conn)); diff != "" {
		t.Errorf("RPCs by policy (-want +got):\n%s", diff)
	}
	wantCounted(t, conn, sent)
}
