// Anypolicy meters grpc-go's own policies: the same three servers and the same
// load under each of them, and what the metrics say.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/scenario"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "anypolicy:", err)
		os.Exit(1)
	}
}

func run() error {
	rpcs := flag.Int("rpcs", 600, "RPCs with each policy")
	flag.Parse()
	// The first signal asks for the end, the second brings it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := scenario.Run(ctx, os.Stdout, *rpcs); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}
