// Package scenario is what the example shows: a failover of an etcd cluster, and
// etcd as a name service.
package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
)

// Run shows everything and writes it to out. The members run the program, or
// etcd's embedded server if that is "".
func Run(ctx context.Context, out io.Writer, program string) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("the example takes too long; the machine may be busy"))
	defer cancel()
	fmt.Fprintln(out, "--- an etcd cluster, each member with a certificate of its own name ---")
	c, err := cluster.Start(ctx, program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for _, m := range c.Members {
		fmt.Fprintln(out, "serving", m.Endpoint())
	}
	if err := Traps(ctx, out, c); err != nil {
		return err
	}
	fmt.Fprintln(out, "\n--- puts and gets with round_robin2, while the leader is killed and started again ---")
	report, err := Failover(ctx, out, c)
	if err != nil {
		return err
	}
	if lost := report.Lost(); len(lost) > 0 {
		return fmt.Errorf("%d keys that etcd had acknowledged are lost, %s for one", len(lost), lost[0])
	}
	fmt.Fprintln(out, "\n--- etcd as the name service of other servers ---")
	_, err = Naming(ctx, out, c)
	return err
}
