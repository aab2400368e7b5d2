package metrics_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// One line, first thing in main or in an init function of package main, meters the
// policies that the program runs already. The series are with Prometheus's default
// registerer, where promhttp.Handler finds them.
func ExampleInstrumentRegistered() {
	if _, err := metrics.InstrumentRegistered(); err != nil {
		log.Print(err)
	}

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
		grpc.WithDefaultServiceConfig(`{}`)) // pick_first; a channel without any service config is not metered
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
			labels := map[string]string{}
			for _, l := range series.Label {
				labels[l.GetName()] = l.GetValue()
			}
			if family.GetName() == "grpc_lb_picks_total" && labels["grpc_target"] == target {
				fmt.Println(labels["grpc_lb_policy"], "picks:", series.Counter.GetValue())
			}
		}
	}
	// Output: pick_first picks: 3
}
