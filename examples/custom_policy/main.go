// Custom_policy compares a policy of one's own with round_robin2: three servers,
// one of which is slow, get the same load under both.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
	"time"

	_ "github.com/grpc-balancer2/balancer2/balancer"
	"github.com/grpc-balancer2/balancer2/examples/custom_policy/peakewma"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// How long each server takes for an RPC.
var latencies = []time.Duration{5 * time.Millisecond, 5 * time.Millisecond, 100 * time.Millisecond}

func main() {
	// The first signal asks for the end, the second brings it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Stdout, 3*time.Second); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "custom_policy:", err)
		os.Exit(1)
	}
}

// run has callers send RPCs for a while under each policy, and writes what came of
// it.
func run(ctx context.Context, out io.Writer, each time.Duration) error {
	fmt.Fprintf(out, "three servers, which take %v; 8 callers for %v under each policy\n\n", latencies, each)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "POLICY\tRPCS\tMEAN LATENCY\tSHARE OF THE SLOW SERVER")
	for _, policy := range []string{roundrobin2.Name, peakewma.Name} {
		r, err := measure(ctx, policy, latencies, 8, each)
		if err != nil {
			return fmt.Errorf("with %s: %w", policy, err)
		}
		fmt.Fprintf(table, "%s\t%d\t%v\t%.0f %%\n", policy, r.rpcs, r.mean().Round(time.Millisecond), 100*r.share(len(latencies)-1))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nround_robin2 gives each server a third, and waits for the slow one each third time")
	return nil
}
