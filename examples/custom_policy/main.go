// Custom_policy compares a policy of one's own with round_robin2: three servers,
// one of which is slow, get the same load under both.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"

	_ "github.com/grpc-balancer2/balancer2/balancer"
	"github.com/grpc-balancer2/balancer2/examples/custom_policy/peakewma"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// How long each server takes for an RPC.
var latencies = []time.Duration{5 * time.Millisecond, 5 * time.Millisecond, 100 * time.Millisecond}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "custom_policy:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("three servers, which take %v; 8 callers for 3 s under each policy\n\n", latencies)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "POLICY\tRPCS\tMEAN LATENCY\tSHARE OF THE SLOW SERVER")
	for _, policy := range []string{roundrobin2.Name, peakewma.Name} {
		r, err := measure(ctx, policy, latencies, 8, 3*time.Second)
		if err != nil {
			return fmt.Errorf("with %s: %w", policy, err)
		}
		fmt.Fprintf(table, "%s\t%d\t%v\t%.0f %%\n", policy, r.rpcs, r.mean().Round(time.Millisecond), 100*r.share(len(latencies)-1))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Println("\nround_robin2 gives each server a third, and waits for the slow one each third time")
	return nil
}
