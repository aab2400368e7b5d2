package documents_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// examples/README.md says so.
func TestTheBackendOfAUnixSocketIsItsPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "echo.sock")
	lis, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(lis) }()
	defer func() {
		server.Stop()
		<-served
	}()
	for _, policy := range []string{pickfirst2.Name, roundrobin2.Name} {
		conn, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(creds),
			grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, policy)))
		if err != nil {
			t.Fatal(err)
		}
		call(conn)
		series := fmt.Sprintf(`grpc_lb_picks_total{grpc_lb_backend=%q,grpc_lb_policy=%q,grpc_target="unix://%s"} 1`, path, policy, path)
		if page := get(promhttp.Handler(), "/metrics"); !strings.Contains(page, "\n"+series+"\n") {
			t.Errorf("the metrics do not have %s:\n%s", series, page)
		}
		_ = conn.Close()
	}
}
