// Command etcd runs an etcd cluster whose members each have a certificate of
// their own name only, and etcd's Go client on round_robin2. It kills the leader
// under load, brings it back, and then uses the cluster as a name service.
//
//	go -C examples/etcd run .
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/scenario"
)

func main() {
	cluster.ServeIfMember()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := scenario.Run(ctx, os.Stdout)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}
