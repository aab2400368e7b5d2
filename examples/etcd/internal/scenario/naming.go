package scenario

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	grpcresolver "google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
)

// NamingReport is what the comings and goings came to.
type NamingReport struct {
	Servers                         []string // what they registered
	All, Revoked, Expired, Returned View     // after each act
	Answered                        int
	Errs                            []error
	TrapErr                         error // of a channel without TLS names per address
}

// naming is the scenario while it runs.
type naming struct {
	out     io.Writer
	conn    *grpc.ClientConn
	servers []*server

	mu     sync.Mutex
	report NamingReport
}

// Naming has three servers register in etcd, calls them through etcd's resolver,
// and has one revoke its lease, one let it expire, and one come back.
func Naming(ctx context.Context, out io.Writer, c *cluster.Cluster) (*NamingReport, error) {
	etcd, err := connect(ctx, c.Endpoints(), len(c.Members))
	if err != nil {
		return nil, err
	}
	defer etcd.close()
	n := &naming{out: out}
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
	return &n.report, n.run(ctx)
}

// dialService makes a channel to the service, with the resolver that finds it.
// The authority tells channels apart in the metrics; the resolver ignores it.
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

// trap calls the service with etcd's resolver as it is.
func (n *naming) trap(ctx context.Context, builder grpcresolver.Builder) error {
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

// run is the acts, under load.
func (n *naming) run(ctx context.Context) error {
	n.conn.Connect()
	if err := awaitReadyCount(ctx, n.conn.CanonicalTarget(), len(n.servers)); err != nil {
		return err
	}
	load := startLoad(workers, interval, func(int) { n.call(ctx) })
	defer load.stop()
	revoked, expired := n.servers[0], n.servers[1]
	if err := n.act(ctx, "all are registered", 3, &n.report.All); err != nil {
		return err
	}
	if err := revoked.revoke(ctx); err != nil {
		return err
	}
	if err := n.act(ctx, "lease revoked: "+revoked.address, 2, &n.report.Revoked); err != nil {
		return err
	}
	expired.forget()
	if err := n.act(ctx, "lease expired: "+expired.address, 1, &n.report.Expired); err != nil {
		return err
	}
	if err := revoked.register(ctx); err != nil {
		return err
	}
	if err := n.act(ctx, "registered again: "+revoked.address, 2, &n.report.Returned); err != nil {
		return err
	}
	load.stop()
	fmt.Fprintf(n.out, "\nanswered: %d, failed: %d\n", n.report.Answered, len(n.report.Errs))
	return nil
}

// call calls the service once.
func (n *naming) call(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := check(ctx, n.conn)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.report.Errs = append(n.report.Errs, err)
		return
	}
	n.report.Answered++
}

// act waits for the number of READY servers and for calls after that, and shows
// what the metrics say.
func (n *naming) act(ctx context.Context, title string, ready int, to *View) error {
	target := n.conn.CanonicalTarget()
	if err := awaitReadyCount(ctx, target, ready); err != nil {
		return err
	}
	from := n.answered()
	if err := await(ctx, fmt.Sprintf("%d more calls are answered", callsPerAct), func() (bool, error) {
		return n.answered() >= from+callsPerAct, nil
	}); err != nil {
		return err
	}
	view, err := look(prometheus.DefaultGatherer, target)
	if err != nil {
		return err
	}
	*to = view
	fmt.Fprintf(n.out, "\n%s\n", title)
	view.write(n.out)
	return nil
}

func (n *naming) answered() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.report.Answered
}
