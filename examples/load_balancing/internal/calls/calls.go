// Package calls is the core of this example's client. It sends RPCs with each
// policy, and prints their metrics.
package calls

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
)

// Run sends the first RPCs with one policy after another, and prints a table of the
// metrics. With -keep it then sends RPCs with all policies until ctx is done.
func Run(ctx context.Context, flags *cli.Flags, dial Dial) error {
	if flags.DialNames {
		if err := lookUpNames(ctx, flags); err != nil {
			return err
		}
	}
	m := newMeter(flags)
	channels, err := open(flags, m, dial)
	if err != nil {
		return err
	}
	defer channels.close()
	if flags.Keep {
		return keepCalling(ctx, flags, m, channels)
	}
	if err := greetAll(ctx, flags, channels); err != nil {
		return err
	}
	return printTable(m, channels)
}

// greetAll sends the first RPCs with each policy. It stops at the first policy that
// fails. With
// -keep it tries all policies.
func greetAll(ctx context.Context, flags *cli.Flags, channels channels) error {
	var failure error
	for _, c := range channels {
		if err := c.greet(ctx, flags.N, flags.Timeout); err != nil {
			failure = err
			if !flags.Keep || ctx.Err() != nil {
				break
			}
		}
	}
	return failure
}

// printTable prints the channels' metrics.
func printTable(m meter, channels channels) error {
	policies, err := series.Read(m.gatherer, channels.target())
	if err != nil {
		return err
	}
	fmt.Print("\n--- what /metrics says ---\n")
	return writeTable(os.Stdout, policies, channels.policies())
}

// lookUpNames checks that the system can resolve the servers' names. gRPC would
// notice it too, but its error is longer.
func lookUpNames(ctx context.Context, flags *cli.Flags) error {
	ctx, cancel := context.WithTimeout(ctx, flags.Timeout)
	defer cancel()
	for _, b := range flags.Backends {
		if _, err := net.DefaultResolver.LookupHost(ctx, b.Name); err != nil {
			return fmt.Errorf("-dial-names: %w; add the name to /etc/hosts, or leave the flag out", err)
		}
	}
	return nil
}
