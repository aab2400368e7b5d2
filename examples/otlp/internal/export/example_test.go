package export_test

import (
	"context"
	"log"

	"github.com/prometheus/client_golang/prometheus"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers pick_first2 and round_robin2
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/export"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func Example() {
	ctx := context.Background()
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.Default()) // what the imported policies report to

	sender, err := export.Sender(ctx, "checkout")
	if err != nil {
		log.Fatal(err)
	}
	provider, err := export.Start(ctx, registry, sender) // to OTEL_EXPORTER_OTLP_ENDPOINT
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = provider.Shutdown(ctx) }() // exports a last time
	// …
}
