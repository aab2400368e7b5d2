package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// CompareAll sends rpcs RPCs with each policy, and writes a table of the metrics.
func CompareAll(ctx context.Context, out io.Writer, rpcs int) error {
	if rpcs < 1 {
		return fmt.Errorf("send %d RPCs with each policy: want 1 or more", rpcs)
	}
	fmt.Fprintf(out, "Three servers, %d RPCs from %d callers with each of grpc-go's policies, as the metrics have it.\n", rpcs, callers)
	fmt.Fprintf(out, "The servers take %v, %v and %v, and report utilizations of %v, %v and %v.\n",
		backend.Three[0].Latency, backend.Three[1].Latency, backend.Three[2].Latency,
		backend.Three[0].Utilization, backend.Three[1].Utilization, backend.Three[2].Utilization)
	for _, s := range policies.All() {
		if err := compare(ctx, out, s, rpcs); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "\nShares are those of grpc_lb_picks_total. The dashboard metrics/ops/dashboard.json shows each policy under its name.")
	return nil
}

func compare(ctx context.Context, out io.Writer, s policies.Setup, rpcs int) (err error) {
	tr, err := Open(s, s.Name, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tr.Close()) }()
	warmCtx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := tr.WarmUp(warmCtx); err != nil {
		return err
	}
	before, childrenBefore, err := tr.readBoth()
	if err != nil {
		return err
	}
	tr.Send(ctx, rpcs)
	if err := ctx.Err(); err != nil {
		return err
	}
	after, children, err := tr.readBoth()
	if err != nil {
		return err
	}
	return writeTable(out, tr, after.Since(before), children.Since(childrenBefore))
}

func (tr *Trial) readBoth() (policy, children series.Policy, err error) {
	policy, err1 := tr.Series()
	children, err2 := tr.ChildSeries()
	return policy, children, errors.Join(err1, err2)
}
