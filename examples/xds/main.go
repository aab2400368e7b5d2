// Command xds shows round_robin2 where a control plane selects it: in a cluster
// of an xDS channel, with endpoints that come and go over ADS, and outlier
// detection that ejects the one that fails. All of it is in this one process.
//
//	go -C examples/xds run .
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/grpc-balancer2/balancer2/examples/xds/internal/scenario"
)

func main() {
	// The first signal asks for the end, the second brings it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	_, err := scenario.Run(ctx, "service", os.Stdout)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "xds:", err)
		os.Exit(1)
	}
}
