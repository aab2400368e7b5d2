package builtinnames_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// meter is what all policies of this program report to.
var meter = metrics.New()

func init() {
	balancer.Register(meter.Instrument(named{pickfirst2.NewBuilder().(parsing), pickfirst.Name}))
	balancer.Register(meter.Instrument(named{roundrobin2.NewBuilder().(parsing), roundrobin.Name}))
}

// named is a policy under another name. It has a config parser, as both have.
type named struct {
	parsing
	name string
}

type parsing interface {
	balancer.Builder
	balancer.ConfigParser
}

func (n named) Name() string { return n.name }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline bounds each test, so that what never happens is a failure.
const deadline = 60 * time.Second

// server is a real server on a loopback port, which it keeps while it is down:
// it cuts connections then.
type server struct {
	*health.Server
	addr string
	hold chan struct{} // what RPCs for the service "held" wait for

	mu    sync.Mutex        // guards the fields below
	down  bool              // cut each connection
	conns map[net.Conn]bool // that are not closed yet
}

func startServers(t *testing.T, n int) []*server {
	t.Helper()
	all := make([]*server, n)
	for i := range all {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("listen: %v", err)
		}
		s := &server{Server: health.NewServer(), addr: lis.Addr().String(), hold: make(chan struct{}), conns: map[net.Conn]bool{}}
		srv := grpc.NewServer()
		healthpb.RegisterHealthServer(srv, s)
		go func() { _ = srv.Serve(cutting{lis, s}) }()
		t.Cleanup(srv.Stop)
		all[i] = s
	}
	return all
}

// Check implements the health service, which is also where RPCs go.
func (s *server) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if req.GetService() == "held" {
		select {
		case <-s.hold:
		case <-ctx.Done():
		}
	}
	return &healthpb.HealthCheckResponse{}, nil
}

func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	for conn := range s.conns {
		_ = conn.Close()
	}
	clear(s.conns)
}

func (s *server) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

// cutting is the listener of a server.
type cutting struct {
	net.Listener
	server *server
}

func (c cutting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.down {
		_ = conn.Close()
	} else {
		c.server.conns[conn] = true
	}
	return conn, nil
}

// client is a channel to servers, with a resolver that the test drives.
type client struct {
	t        *testing.T
	target   string
	resolver *manual.Resolver
	conn     *grpc.ClientConn
}

// dials makes the targets of repeated runs of a test distinct.
var dials atomic.Uint32

// dial makes a channel with a service config. It needs one: what gRPC takes
// without was looked up before anyone could register a policy.
func dial(t *testing.T, config string, to ...*server) *client {
	t.Helper()
	scheme := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	c := &client{t: t, target: fmt.Sprintf("%s:///run-%d", scheme, dials.Add(1)), resolver: manual.NewBuilderWithScheme(scheme)}
	c.resolver.InitialState(stateOf(to...))
	quick := backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1.2, MaxDelay: 50 * time.Millisecond}
	var err error
	c.conn, err = grpc.NewClient(c.target,
		grpc.WithResolvers(c.resolver),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: 5 * time.Second}),
		grpc.WithDefaultServiceConfig(config))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	return c
}

func stateOf(all ...*server) resolver.State {
	var s resolver.State
	for _, x := range all {
		s.Endpoints = append(s.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: x.addr}}})
	}
	return s
}

// call sends one RPC and returns the address of the server that answered.
func (c *client) call(ctx context.Context, service string) (string, error) {
	var p peer.Peer
	_, err := healthpb.NewHealthClient(c.conn).Check(ctx, &healthpb.HealthCheckRequest{Service: service}, grpc.Peer(&p))
	if err != nil {
		return "", err
	}
	return p.Addr.String(), nil
}

// callsReach sends RPCs until the last n have succeeded and gone to all of the
// wanted servers and to no other, and returns how many went to each.
func (c *client) callsReach(ctx context.Context, n int, want ...*server) map[string]int {
	c.t.Helper()
	for {
		got := map[string]int{}
		for range n {
			addr, err := c.call(ctx, "")
			got[fmt.Sprint(addr, err)]++
		}
		counts := map[string]int{}
		for _, s := range want {
			if n := got[fmt.Sprint(s.addr, nil)]; n > 0 {
				counts[s.addr] = n
			}
		}
		if len(counts) == len(want) && len(got) == len(want) {
			return counts
		}
		if ctx.Err() != nil {
			c.t.Fatalf("the last %d RPCs went to %v", n, got)
		}
	}
}

// series gets a metric of the channel's policy, by server and by the value of
// its remaining label.
func (c *client) series(policy, name string) map[string]float64 {
	c.t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(meter)
	families, err := reg.Gather()
	if err != nil {
		c.t.Fatalf("gather: %v", err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["grpc_target"] != c.target || labels["grpc_lb_policy"] != policy {
				continue
			}
			key := strings.TrimSpace(labels["grpc_lb_backend"] + " " + labels["grpc_code"] + labels["result"])
			got[key] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return got
}
