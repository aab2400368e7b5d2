// Command etcd runs an etcd cluster in which each member has a certificate for its
// own name only. etcd's Go client calls it with round_robin2. The program kills the
// leader under load and starts it again. Then it uses the cluster as a name
// service.
//
//	go -C examples/etcd run .
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/addresstrap"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/failover"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/naming"
	"github.com/grpc-balancer2/balancer2/examples/internal/program"
)

func main() {
	cluster.ServeIfMember()
	etcd := flag.String("etcd", "", "the program etcd, for the members; without it they are the embedded server")
	program.Program{
		Name:    "etcd",
		Summary: "Runs an etcd cluster and calls it with round_robin2, while its leader is killed.",
		Command: "go -C examples/etcd run .",
	}.Main(func(ctx context.Context) error { return run(ctx, os.Stdout, *etcd) })
}

// run runs all parts and writes their output to out. The members run the program etcd, or
// if program is "", etcd's embedded server.
func run(ctx context.Context, out io.Writer, etcd string) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("the example takes too long; the machine may be busy"))
	defer cancel()
	fmt.Fprintln(out, "--- an etcd cluster, each member with a certificate of its own name ---")
	c, err := cluster.Start(ctx, etcd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for _, m := range c.Members {
		fmt.Fprintln(out, "serving", m.Endpoint())
	}
	if err := addresstrap.Show(ctx, out, c); err != nil {
		return err
	}
	fmt.Fprintln(out, "\n--- puts and gets with round_robin2, while the leader is killed and started again ---")
	report, err := failover.Run(ctx, out, c)
	if err != nil {
		return err
	}
	if lost := report.Lost(); len(lost) > 0 {
		return fmt.Errorf("%d keys that etcd had acknowledged are lost, %s for one", len(lost), lost[0])
	}
	fmt.Fprintln(out, "\n--- etcd as the name service of other servers ---")
	_, err = naming.Run(ctx, out, c)
	return err
}
