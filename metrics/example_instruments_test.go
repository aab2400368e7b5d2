package metrics_test

import (
	"fmt"
	"log"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Export what gRPC's weighted_round_robin records about its weights, by locality. The
// program must import its package.
func ExampleWithGRPCInstruments() {
	lb := metrics.New(
		metrics.WithGRPCInstruments("grpc.lb.wrr.rr_fallback", "grpc.lb.wrr.endpoint_weights"),
		metrics.WithGRPCLabels("grpc.lb.locality"))
	prometheus.NewRegistry().MustRegister(lb)
	// In an init function:
	// balancer.Register(lb.Instrument(balancer.Get("weighted_round_robin")))
}

// Export the number of open connections, including those of channels whose policy is not
// metered.
func ExampleNewStatsHandler() {
	h := metrics.NewStatsHandler(metrics.WithGRPCInstruments("grpc.subchannel.open_connections"))
	registry := prometheus.NewRegistry()
	registry.MustRegister(h)
	conn, err := grpc.NewClient("dns:///localhost:50051",
		grpc.WithStatsHandler(h), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	families, err := registry.Gather()
	fmt.Println(len(families), err) // it has not connected yet
	// Output: 0 <nil>
}
