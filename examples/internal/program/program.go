// Package program is what the main functions of the examples have in common.
package program

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Context returns a context that the first SIGINT or SIGTERM cancels. The second
// one ends the process.
func Context() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

// Main runs an example. If it fails, Main prints the error after the example's
// name and exits with status 1. The error of an interrupted run is not printed.
func Main(name string, run func(context.Context) error) {
	ctx := Context()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}
