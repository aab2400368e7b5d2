package realchannel_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// gRPC waits at least 10 s between keepalive pings. So these tests use the fake clock
// of synctest, and pipes instead of a network.
const (
	pingEvery   = 10 * time.Second
	pingTimeout = 2 * time.Second
)

// pipeServer is a server that is reached through pipes. As a black hole it accepts
// connections and data, but never answers.
type pipeServer struct {
	addr  string
	lis   *bufconn.Listener
	probe channeltest.Probe
	hole  atomic.Bool
}

// pipe is a connection to a pipeServer.
type pipe struct {
	net.Conn
	to *pipeServer
}

func (p pipe) RemoteAddr() net.Addr { return pipeAddr(p.to.addr) }

func (p pipe) Write(b []byte) (int, error) {
	if p.to.hole.Load() {
		return len(b), nil
	}
	return p.Conn.Write(b)
}

func (p pipe) Read(b []byte) (int, error) {
	for {
		n, err := p.Conn.Read(b)
		if err != nil || !p.to.hole.Load() {
			return n, err
		}
	}
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

func startPipeServers(t *testing.T, n int) []*pipeServer {
	all := make([]*pipeServer, n)
	for i := range all {
		s := &pipeServer{addr: fmt.Sprintf("10.0.0.%d:443", i+1), lis: bufconn.Listen(1 << 16)}
		srv := grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}))
		s.probe.Register(srv)
		go func() { _ = srv.Serve(s.lis) }()
		t.Cleanup(srv.Stop)
		all[i] = s
	}
	return all
}

// dialPipes makes a channel that sends keepalive pings. opts override its own options.
func dialPipes(t *testing.T, policy string, to []*pipeServer, opts ...grpc.DialOption) *channeltest.Client {
	c := channeltest.NewClient(t, policy, "")
	at := map[string]*pipeServer{}
	var state resolver.State
	for _, s := range to {
		at[s.addr] = s
		state.Addresses = append(state.Addresses, resolver.Address{Addr: s.addr})
	}
	c.Resolver.InitialState(state)
	c.Connect(append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(lbconfig.ServiceConfig(policy)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingTimeout, PermitWithoutStream: true}),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := at[addr].lis.DialContext(ctx)
			return pipe{conn, at[addr]}, err
		}),
	}, opts...)...)
	return c
}

func addrsOf(all []*pipeServer) []string {
	addrs := make([]string, len(all))
	for i, s := range all {
		addrs[i] = s.addr
	}
	return addrs
}

// testPipes runs a test in a bubble, with a channel to n servers.
func testPipes(t *testing.T, policy string, n int, test func(context.Context, *testing.T, *channeltest.Client, []*pipeServer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		all := startPipeServers(t, n)
		test(ctx, t, dialPipes(t, policy, all), all)
	})
}

func TestRoundRobin2LeavesABlackHoleOutAfterTheKeepaliveTimeout(t *testing.T) {
	t.Parallel()
	testPipes(t, roundrobin2.Name, 3, func(ctx context.Context, t *testing.T, c *channeltest.Client, all []*pipeServer) {
		b := addrsOf(all)
		c.Conn.Connect()
		synctest.Wait()
		c.CallUntilEven(ctx, 30, b...)

		all[1].hole.Store(true)
		start := time.Now()
		lost := 0
		for range 3 { // one per server
			if _, err := c.Call(ctx); status.Code(err) == codes.Unavailable {
				lost++
			} else if err != nil {
				t.Errorf("RPC: %v", err)
			}
		}
		if lost != 1 {
			t.Errorf("%d of 3 RPCs failed, want the one to the black hole", lost)
		}
		if took := time.Since(start); took > pingEvery+pingTimeout+time.Second {
			t.Errorf("the black hole was noticed after %v, want %v and %v", took, pingEvery, pingTimeout)
		}
		c.CallUntilEven(ctx, 30, b[0], b[2])
		if got := c.Value("grpc_lb_disconnections_total " + b[1]); got != 1 {
			t.Errorf("%v connections to the black hole were lost, want 1", got)
		}

		all[1].hole.Store(false)
		<-time.After(5 * time.Minute) // longer than any backoff
		c.CallUntilEven(ctx, 30, b...)
		c.CheckPicksAddUp(b...)
	})
}

func TestPickFirst2FailsOverFromABlackHole(t *testing.T) {
	t.Parallel()
	testPipes(t, pickfirst2.Name, 2, func(ctx context.Context, t *testing.T, c *channeltest.Client, all []*pipeServer) {
		b := addrsOf(all)
		c.CallUntilEven(ctx, 10, b[0])

		// No RPC is needed: gRPC sends pings without one.
		all[0].hole.Store(true)
		start := time.Now()
		c.AwaitState(ctx, connectivity.Idle)
		if took := time.Since(start); took > pingEvery+pingTimeout+time.Second {
			t.Errorf("the black hole was noticed after %v, want %v and %v", took, pingEvery, pingTimeout)
		}
		// The first address accepts the connection but never answers. After 250 ms
		// pick_first2 tries the second (gRFC A61).
		start = time.Now()
		if addr, err := c.Call(ctx); err != nil || addr != b[1] {
			t.Errorf("RPC went to %q, %v; want %s", addr, err, b[1])
		}
		if took := time.Since(start); took != 250*time.Millisecond {
			t.Errorf("the second address answered after %v, want 250 ms", took)
		}
		c.CheckPicksAddUp(b...)
	})
}
