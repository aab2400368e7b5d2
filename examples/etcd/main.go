// Command etcd runs an etcd cluster whose members each have a certificate of
// their own name only, and etcd's Go client on round_robin2. It kills the leader
// under load, brings it back, and then uses the cluster as a name service.
//
//	go -C examples/etcd run .
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/scenario"
)

func main() {
	cluster.ServeIfMember()
	program := flag.String("etcd", "", "the program etcd, for the members; without it they are the embedded server")
	flag.Parse()
	// The first signal asks for the end, the second brings it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := scenario.Run(ctx, os.Stdout, *program)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
