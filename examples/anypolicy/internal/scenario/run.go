package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
)

// Run sends the RPCs with each policy, and writes a table of what the metrics
// say of them.
func Run(ctx context.Context, out io.Writer, rpcs int) error {
	if rpcs < 1 {
		return fmt.Errorf("send %d RPCs with each policy: want 1 or more", rpcs)
	}
	fmt.Fprintf(out, "Three servers, %d RPCs from %d callers with each of grpc-go's policies, as the metrics have it.\n", rpcs, callers)
	fmt.Fprintf(out, "The servers take %v, %v and %v, and report utilizations of %v, %v and %v.\n",
		backend.Three[0].Takes, backend.Three[1].Takes, backend.Three[2].Takes,
		backend.Three[0].Utilization, backend.Three[1].Utilization, backend.Three[2].Utilization)
	for _, s := range policies.All() {
		if err := runOne(ctx, out, s, rpcs); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "\nShares are those of grpc_lb_picks_total. The dashboard metrics/dashboard.json shows each policy under its name.")
	return nil
}

func runOne(ctx context.Context, out io.Writer, s policies.Setup, rpcs int) (err error) {
	w, err := Open(s, s.Name, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	warmCtx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := w.Warm(warmCtx); err != nil {
		return err
	}
	before, err := w.Seen()
	if err != nil {
		return err
	}
	beforeChildren, err := w.Children()
	if err != nil {
		return err
	}
	w.Send(ctx, rpcs)
	if err := ctx.Err(); err != nil {
		return err
	}
	after, err := w.Seen()
	if err != nil {
		return err
	}
	children, err := w.Children()
	if err != nil {
		return err
	}
	return writeTable(out, w, after.Since(before), children.Since(beforeChildren))
}
