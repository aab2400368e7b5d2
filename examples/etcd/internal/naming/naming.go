// Package naming uses etcd as a name service. Servers register with a lease, and a client
// with round_robin2 follows them.
package naming

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	grpcresolver "google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/metered"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

const (
	workers      = 4
	interval     = 10 * time.Millisecond
	callTimeout  = 10 * time.Second
	callsPerStep = 300
)

// Report is the result of a run.
type Report struct {
	Servers                         []string      // the addresses that they registered
	All, Revoked, Expired, Returned series.Policy // after each step
	Calls                           load.Counts
	TrapErr                         error // of a channel without TLS names per address
}

// demo is one run.
type demo struct {
	out     io.Writer
	conn    *grpc.ClientConn
	servers []*server
	calls   load.Tally
	report  Report
}

// Run registers three servers in etcd, and calls them through etcd's resolver. One server
// revokes its lease, another lets its lease expire. Then the first one registers again.
func Run(ctx context.Context, out io.Writer, c *cluster.Cluster) (*Report, error) {
	etcd, err := metered.Connect(ctx, c.Endpoints(), len(c.Members))
	if err != nil {
		return nil, err
	}
	defer etcd.Close()
	n := &demo{out: out}
	defer func() {
		for _, s := range n.servers {
			s.close()
		}
	}()
	for _, name := range certs.Embedded().Members() {
		s, err := startServer(etcd.Client, name)
		if err != nil {
			return nil, err
		}
		n.servers = append(n.servers, s)
		n.report.Servers = append(n.report.Servers, s.address)
		if err := s.register(ctx); err != nil {
			return nil, err
		}
	}
	builder, err := resolver.NewBuilder(etcd.Client)
	if err != nil {
		return nil, fmt.Errorf("make etcd's resolver: %w", err)
	}
	if err := n.trap(ctx, builder); err != nil {
		return nil, err
	}
	if n.conn, err = dialService("", namedByHost{builder}); err != nil {
		return nil, err
	}
	defer n.conn.Close()
	return &n.report, n.runSteps(ctx)
}

// dialService makes a channel to the service, with the resolver. The resolver ignores the
// target's authority, which only makes the targets, and so the series, different.
func dialService(authority string, builder grpcresolver.Builder) (*grpc.ClientConn, error) {
	config, err := certs.Embedded().ClientConfig()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("etcd://"+authority+"/"+service, append(etcdclient.DialOptions(),
		grpc.WithResolvers(builder), grpc.WithTransportCredentials(credentials.NewTLS(config)))...)
	if err != nil {
		return nil, fmt.Errorf("make channel to %s: %w", service, err)
	}
	return conn, nil
}

// trap calls the service through etcd's resolver alone.
func (n *demo) trap(ctx context.Context, builder grpcresolver.Builder) error {
	conn, err := dialService("trap", builder)
	if err != nil {
		return err
	}
	defer conn.Close()
	n.report.TrapErr = check(ctx, conn)
	fmt.Fprintf(n.out, "with etcd's resolver as it is:\n%v\n", n.report.TrapErr)
	return nil
}

func check(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

// runSteps runs the steps under load.
func (n *demo) runSteps(ctx context.Context) error {
	n.conn.Connect()
	if err := metered.AwaitReady(ctx, n.conn.CanonicalTarget(), len(n.servers)); err != nil {
		return err
	}
	calls := load.Start(ctx, load.Config{Workers: workers, Interval: interval}, func(int) { n.call(ctx) })
	defer calls.Stop()
	revoked, expired := n.servers[0], n.servers[1]
	if err := n.step(ctx, "all are registered", 3, &n.report.All); err != nil {
		return err
	}
	if err := revoked.revoke(ctx); err != nil {
		return err
	}
	if err := n.step(ctx, "lease revoked: "+revoked.address, 2, &n.report.Revoked); err != nil {
		return err
	}
	expired.stopRenewal()
	if err := n.step(ctx, "lease expired: "+expired.address, 1, &n.report.Expired); err != nil {
		return err
	}
	if err := revoked.register(ctx); err != nil {
		return err
	}
	if err := n.step(ctx, "registered again: "+revoked.address, 2, &n.report.Returned); err != nil {
		return err
	}
	calls.Stop()
	n.report.Calls = n.calls.Counts()
	fmt.Fprintf(n.out, "\nanswered: %d, failed: %d\n", n.report.Calls.OK(), n.report.Calls.Failed())
	return nil
}

// call calls the service once.
func (n *demo) call(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	n.calls.Add("", check(ctx, n.conn))
}

// step waits for the number of READY servers, and then for more calls. Then it keeps the
// series and writes them.
func (n *demo) step(ctx context.Context, title string, ready int, to *series.Policy) error {
	target := n.conn.CanonicalTarget()
	if err := metered.AwaitReady(ctx, target, ready); err != nil {
		return err
	}
	from := n.calls.Counts().OK()
	if err := wait.Until(ctx, fmt.Sprintf("%d more calls are answered", callsPerStep), func() (bool, error) {
		return n.calls.Counts().OK() >= from+callsPerStep, nil
	}); err != nil {
		return err
	}
	p, err := metered.Read(target)
	if err != nil {
		return err
	}
	*to = p
	metered.WriteTable(n.out, title, p)
	return nil
}
