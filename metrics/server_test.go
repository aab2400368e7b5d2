package metrics_test

import (
	"context"
	"net"
	"net/url"
	"path"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/balancer"
	_ "google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// loopback meters gRPC's own policies under other names. Tests share it and are
// distinguished by their targets.
var loopback = metrics.New()

// grpcPolicies are gRPC's own: they are looked up before any init function replaces them.
var grpcPolicies = []balancer.Builder{
	balancer.Get("pick_first"), balancer.Get("round_robin"), balancer.Get("least_request_experimental"),
}

func init() {
	for _, b := range grpcPolicies {
		balancer.Register(loopback.InstrumentAs("metered_"+b.Name(), b))
	}
}

// server answers RPCs to the method /test/N with the status code N.
type server struct {
	addr string
	opts []grpc.ServerOption

	mu      sync.Mutex
	server  *grpc.Server // nil while it is down
	serving sync.WaitGroup
}

func startServer(t *testing.T, opts ...grpc.ServerOption) *server {
	t.Helper()
	s := newServer(t)
	s.opts = opts
	s.start(t)
	return s
}

// newServer returns a server that is down.
func newServer(t *testing.T) *server {
	s := &server{addr: "127.0.0.1:0"}
	t.Cleanup(s.stop)
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.serve(s.listen(t))
}

// listen accepts connections, which hang until serve is called.
func (s *server) listen(t *testing.T) net.Listener {
	t.Helper()
	lis, err := net.Listen("tcp", s.addr)
	if err != nil {
		t.Fatalf("listen on %s: %v", s.addr, err)
	}
	s.addr = lis.Addr().String()
	return lis
}

func (s *server) serve(lis net.Listener) {
	srv := grpc.NewServer(append(s.opts, grpc.UnknownServiceHandler(answer))...)
	s.mu.Lock()
	s.server = srv
	s.mu.Unlock()
	s.serving.Go(func() { _ = srv.Serve(lis) })
}

// grpc returns the grpc.Server, which must be up.
func (s *server) grpc() *grpc.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server
}

// stop cuts the connections and closes the port.
func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		s.server.Stop()
		s.serving.Wait()
		s.server = nil
	}
}

func answer(_ any, stream grpc.ServerStream) error {
	if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
		return err
	}
	method, _ := grpc.MethodFromServerStream(stream)
	code, err := strconv.ParseUint(path.Base(method), 10, 32)
	if err != nil {
		return status.Errorf(codes.Unimplemented, "%v", err)
	}
	if code := codes.Code(code); code != codes.OK {
		return status.Error(code, "as asked")
	}
	return stream.SendMsg(new(emptypb.Empty))
}

// client is a channel to the servers that records the results of its RPCs.
type client struct {
	conn     *grpc.ClientConn
	resolver *manual.Resolver
	target   string
	ok       atomic.Int64
}

var clients atomic.Int64

func newClient(t *testing.T, serviceConfig string, servers ...*server) *client {
	t.Helper()
	return newClientWith(t, nil, serviceConfig, servers...)
}

func newClientWith(t *testing.T, opts []grpc.DialOption, serviceConfig string, servers ...*server) *client {
	t.Helper()
	c := &client{resolver: manual.NewBuilderWithScheme("loopback")}
	c.resolver.InitialState(listing(servers...))
	c.target = (&url.URL{Scheme: "loopback", Path: "/" + strconv.FormatInt(clients.Add(1), 10)}).String()
	quick := backoff.Config{BaseDelay: 5 * time.Millisecond, Multiplier: 1, MaxDelay: 5 * time.Millisecond}
	conn, err := grpc.NewClient(c.target, append(opts,
		grpc.WithResolvers(c.resolver),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: 20 * time.Second}),
		grpc.WithDefaultServiceConfig(serviceConfig))...)
	if err != nil {
		t.Fatalf("new client: %v", err)
	}
	c.conn = conn
	t.Cleanup(func() { _ = conn.Close() })
	return c
}

// listing returns a resolver's answer that lists the servers.
func listing(servers ...*server) (state resolver.State) {
	for _, s := range servers {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: s.addr})
	}
	return state
}

// call makes one RPC that the server answers with the code. It returns the code
// that the client got, and the address of the server if one answered.
func (c *client) call(ctx context.Context, code codes.Code) (codes.Code, string) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var p peer.Peer
	method := "/test/" + strconv.FormatUint(uint64(code), 10)
	err := c.conn.Invoke(ctx, method, new(emptypb.Empty), new(emptypb.Empty), grpc.Peer(&p), grpc.WaitForReady(true))
	if err == nil {
		c.ok.Add(1)
	}
	if p.Addr == nil {
		return status.Code(err), ""
	}
	return status.Code(err), p.Addr.String()
}

// callUntil makes RPCs until done returns true.
func (c *client) callUntil(t *testing.T, done func(server string) bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, server := c.call(t.Context(), codes.OK)
		if done(server) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s of RPCs the condition of the test still does not hold; series: %v", c.scrape(t))
		}
	}
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("after 20 s it still does not hold that %s", what)
		case <-tick.C:
		}
	}
}

func (c *client) scrape(t *testing.T) points {
	t.Helper()
	return scrape(t, loopback).ofTarget(c.target)
}
