// Command custom_policy compares its own policy with round_robin2. Both get the same
// load, to three servers of which one is slow.
//
//	go run ./examples/custom_policy
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2
	"github.com/grpc-balancer2/balancer2/examples/internal/program"
	"github.com/grpc-balancer2/balancer2/examples/policies/peakewma"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// latencies are the times that the servers take for an RPC.
var latencies = []time.Duration{5 * time.Millisecond, 5 * time.Millisecond, 100 * time.Millisecond}

func main() {
	program.Program{
		Name:    "custom_policy",
		Summary: "Compares the policy peak_ewma with round_robin2, where one of three servers is slow.",
		Command: "go run ./examples/custom_policy",
	}.Main(func(ctx context.Context) error { return run(ctx, os.Stdout, 3*time.Second) })
}

// run sends RPCs with each policy for the duration, and writes the results.
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
