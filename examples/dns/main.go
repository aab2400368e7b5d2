// Command dns shows a gRPC client of a Kubernetes headless service, with the
// policy round_robin2: who gets its RPCs when pods are added and replaced, and
// what makes it ask DNS again. The cluster is in the process.
//
//	go run .
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc/resolver/dns"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/scenario"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	s := scenario.Settings{
		Pods: 3, Every: 5 * time.Millisecond, MinReady: 1500 * time.Millisecond,
		PreStop: 200 * time.Millisecond, Watch: 3 * time.Second,
	}
	flag.DurationVar(&s.MinResolutionInterval, "min-resolution-interval", time.Second,
		"how often the client may ask DNS; gRPC's default is 30s")
	flag.DurationVar(&s.MaxConnectionAge, "max-connection-age", 2*time.Second,
		"how long the servers keep a connection, where they limit it")
	flag.Parse()

	// For all channels of the program, and before it makes the first.
	dns.SetMinResolutionInterval(s.MinResolutionInterval)

	// The first signal asks for the end, the second brings it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := s.Run(ctx, os.Stdout); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}
