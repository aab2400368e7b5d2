package metrics_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Register policies before the first client is made. All channels whose service
// config selects round_robin are metered then.
func init() {
	balancer.Register(metrics.Default().Instrument(balancer.Get("round_robin")))
}

// One line in an init function meters a policy, gRPC's or yours. The series are in
// Prometheus's default registry, which promhttp.Handler serves.
func ExampleMetrics_Instrument() {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(lis) }()
	defer server.Stop()

	target := "dns:///" + lis.Addr().String()
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for range 3 {
		if _, err := healthgrpc.NewHealthClient(conn).Check(context.Background(), &healthgrpc.HealthCheckRequest{}); err != nil {
			log.Fatal(err)
		}
	}

	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		for _, series := range family.Metric {
			for _, label := range series.Label {
				if family.GetName() == "grpc_lb_picks_total" && label.GetName() == "grpc_target" && label.GetValue() == target {
					fmt.Println("picks:", series.Counter.GetValue())
				}
			}
		}
	}
	// Output: picks: 3
}
