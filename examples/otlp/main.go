// Command otlp sends the metrics of round_robin2 to an OTLP receiver, through
// OpenTelemetry's bridge from Prometheus, and shows what arrives. The receiver, the
// backends and the client are all in this process.
//
//	go -C examples/otlp run .
package main

import (
	"context"
	"flag"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/internal/program"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/policy"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/trial"
)

var registry = policy.Register()

func main() {
	rpcs := flag.Int("rpcs", 300, "RPCs to send before the export")
	program.Program{
		Name:    "otlp",
		Summary: "Sends the metrics to an OTLP receiver, and shows what arrives.",
		Command: "go -C examples/otlp run .",
	}.Main(func(ctx context.Context) error {
		return trial.Run(ctx, registry, "service", os.Stdout, *rpcs)
	})
}
