// Command outlier_detection has a client stop using a backend that fails RPCs. gRPC's
// outlier detection does so without xDS, as a policy around round_robin2.
//
//	go -C examples/outlier_detection run .
package main

import (
	"context"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/internal/program"
)

func main() {
	program.Program{
		Name:    "outlier_detection",
		Summary: "Shows outlier detection around round_robin2, without xDS, and its metrics.",
		Command: "go -C examples/outlier_detection run .",
	}.Main(func(ctx context.Context) error {
		_, err := run(ctx, os.Stdout, serviceConfig)
		return err
	})
}
