// Command xds shows round_robin2 in an xDS channel. The control plane selects the
// policy, and adds and removes endpoints over ADS. Outlier detection ejects an
// endpoint that fails. The control plane, the backends and the client are all in
// this process.
//
//	go -C examples/xds run .
package main

import (
	"context"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/internal/program"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/changes"
)

func main() {
	program.Program{
		Name:    "xds",
		Summary: "Shows round_robin2 in an xDS channel: who selects it, and how it follows its endpoints.",
		Command: "go -C examples/xds run .",
	}.Main(func(ctx context.Context) error {
		_, err := changes.Run(ctx, "service", os.Stdout)
		return err
	})
}
