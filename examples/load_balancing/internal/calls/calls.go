// Package calls is what this example's client does: it sends RPCs with each policy
// and shows what the metrics say of them.
package calls

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
)

// Run sends the first RPCs with one policy after the other and prints a table of
// the metrics. With -keep it then sends RPCs with all policies until ctx is done.
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

// greetAll sends the first RPCs with each policy. It stops at the first policy
// that fails, but with -keep it tries them all.
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

// printTable prints what /metrics says of the channels.
func printTable(m meter, channels channels) error {
	policies, err := series.Read(m.gatherer, channels.target())
	if err != nil {
		return err
	}
	fmt.Print("\n--- what /metrics says ---\n")
	return writeTable(os.Stdout, policies, channels.policies())
}

// lookUpNames checks that the system knows the servers' names. gRPC would find out
// too, but would say so in a longer error.
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
