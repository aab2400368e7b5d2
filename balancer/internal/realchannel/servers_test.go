package realchannel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// The drop-in tests have a channel and servers that are as real as those of a
// program, and use what a program may use of gRPC.

// probeService is where their RPCs go. It has the messages of the health
// service, which is thus free to be watched, or to be missing.
const probeService = "test.Probe"

var bothPolicies = []string{pickfirst2.Name, roundrobin2.Name}

// server is a backend that keeps its port while it is down.
type server struct {
	*backend
	opts   []grpc.ServerOption
	port   *port
	probe  probe
	health *watchedHealth // nil: it has no health service
}

type servers []*server

func startServers(t testing.TB, n int, setup ...func(i int, s *server)) servers {
	t.Helper()
	all := make(servers, n)
	for i := range all {
		p := newPort(t)
		s := &server{backend: &backend{t: t, name: certs.Embedded().Members()[i], addr: p.Addr().String()}, port: p}
		s.health = &watchedHealth{Server: health.NewServer()}
		s.health.SetServingStatus(probeService, healthpb.HealthCheckResponse_SERVING)
		for _, f := range setup {
			f(i, s)
		}
		s.start()
		t.Cleanup(s.kill)
		all[i] = s
	}
	return all
}

func (all servers) backends() []*backend {
	var bs []*backend
	for _, s := range all {
		bs = append(bs, s.backend)
	}
	return bs
}

func (s *server) start() {
	s.t.Helper()
	config, err := certs.Embedded().ServerConfig(s.name)
	if err != nil {
		s.t.Fatalf("start server: %v", err)
	}
	srv := grpc.NewServer(append(s.opts, grpc.Creds(credentials.NewTLS(config)))...)
	desc := healthpb.Health_ServiceDesc
	desc.ServiceName = probeService
	srv.RegisterService(&desc, &s.probe)
	if s.health != nil {
		healthpb.RegisterHealthServer(srv, s.health)
	}
	s.mu.Lock()
	s.srv = srv
	s.mu.Unlock()
	lis := s.port.open()
	go func() {
		if err := srv.Serve(lis); err != nil && !errors.Is(err, grpc.ErrServerStopped) { // before it began
			s.t.Errorf("serve: %v", err)
		}
	}()
}

// probe answers RPCs and remembers what they came with.
type probe struct {
	healthpb.UnimplementedHealthServer
	onCall func(context.Context) error // nil: succeed

	mu        sync.Mutex
	authority []string // of the last RPC
}

func (p *probe) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	p.mu.Lock()
	p.authority = md.Get(":authority")
	p.mu.Unlock()
	if p.onCall != nil {
		if err := p.onCall(ctx); err != nil {
			return nil, err
		}
	}
	return &healthpb.HealthCheckResponse{}, nil
}

func (p *probe) lastAuthority() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.authority, " and ")
}

// watchedHealth counts who watches it.
type watchedHealth struct {
	*health.Server
	watches atomic.Int32
}

func (h *watchedHealth) Watch(req *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	h.watches.Add(1)
	return h.Server.Watch(req, stream)
}

// say sets what the server's health service says of the probe.
func (s *server) say(status healthpb.HealthCheckResponse_ServingStatus) {
	s.health.SetServingStatus(probeService, status)
}

// probeClient sends the RPCs of a client to the probe.
type probeClient struct {
	healthpb.HealthClient
	conn *grpc.ClientConn
}

func (p probeClient) Check(ctx context.Context, in *healthpb.HealthCheckRequest, opts ...grpc.CallOption) (*healthpb.HealthCheckResponse, error) {
	out := &healthpb.HealthCheckResponse{}
	return out, p.conn.Invoke(ctx, "/"+probeService+"/Check", in, out, opts...)
}

// dialServers is dial with any dial options, which go before its own.
func dialServers(t testing.TB, policy string, to servers, opts ...grpc.DialOption) *client {
	t.Helper()
	config, err := certs.Embedded().ClientConfig()
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	quick := backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1.2, MaxDelay: 50 * time.Millisecond}
	c := newClient(t, policy, fmt.Sprintf("run-%d", dials.Add(1)))
	c.resolver.InitialState(addressesOf(to.backends()...))
	c.connect(append([]grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: 5 * time.Second}),
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, policy)),
	}, opts...)...)
	return c
}

// newClient returns a client of the probe that has no channel yet.
func newClient(t testing.TB, policy, endpoint string) *client {
	scheme := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	return &client{t: t, policy: policy, target: scheme + ":///" + endpoint, resolver: manual.NewBuilderWithScheme(scheme)}
}

func (c *client) connect(opts ...grpc.DialOption) {
	c.t.Helper()
	conn, err := grpc.NewClient(c.target, append(opts, grpc.WithResolvers(c.resolver))...)
	if err != nil {
		c.t.Fatalf("dial: %v", err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	c.conn, c.echo = conn, probeClient{conn: conn}
}

// as returns the client that looks at the metrics of another of its policies.
func (c *client) as(policy string) *client {
	other := *c
	other.policy = policy
	return &other
}

// awaitState waits until the channel is in the state. It does not leave IDLE
// for that.
func (c *client) awaitState(ctx context.Context, want connectivity.State) {
	c.t.Helper()
	for {
		got := c.conn.GetState()
		if got == want {
			return
		}
		if !c.conn.WaitForStateChange(ctx, got) {
			c.t.Fatalf("the channel stays %v, want %v", got, want)
		}
	}
}
