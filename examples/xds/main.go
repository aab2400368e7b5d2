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

	"github.com/grpc-balancer2/balancer2/examples/xds/internal/scenario"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	_, err := scenario.Run(ctx, "service", os.Stdout)
	interrupted := ctx.Err() != nil
	stop()
	if err != nil && !interrupted {
		fmt.Fprintln(os.Stderr, "xds:", err)
		os.Exit(1)
	}
}
