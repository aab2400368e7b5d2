// Command anypolicy meters grpc-go's own policies. It sends the same load to three
// servers with each policy, and prints the metrics.
//
//	go -C examples/anypolicy run .
package main

import (
	"context"
	"flag"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/trial"
	"github.com/grpc-balancer2/balancer2/examples/internal/program"
)

func main() {
	rpcs := flag.Int("rpcs", 600, "RPCs with each policy")
	program.Program{
		Name:    "anypolicy",
		Summary: "Meters grpc-go's own policies, and prints their metrics.",
		Command: "go -C examples/anypolicy run .",
	}.Main(func(ctx context.Context) error {
		return trial.CompareAll(ctx, os.Stdout, *rpcs)
	})
}
