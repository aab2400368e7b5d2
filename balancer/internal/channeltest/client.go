package channeltest

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/certs"
)

// Client is a channel with a resolver that the test drives.
type Client struct {
	Conn     *grpc.ClientConn
	Resolver *manual.Resolver

	t      testing.TB
	target string
	policy string // the policy whose series it reads
}

// targets numbers the targets, so that repeated runs of a test do not share one.
var targets atomic.Uint32

// Dial makes a channel to the servers, with a service config that selects the
// policy. opts override Dial's own options, such as WithTLSInTurn.
func Dial(t testing.TB, policy string, to Servers, opts ...grpc.DialOption) *Client {
	t.Helper()
	quick := backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1.2, MaxDelay: 50 * time.Millisecond}
	c := NewClient(t, policy, "")
	c.Resolver.InitialState(to.State())
	c.Connect(append([]grpc.DialOption{
		WithTLSInTurn(t),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: Deadline}),
		grpc.WithDefaultServiceConfig(lbconfig.ServiceConfig(policy)),
	}, opts...)...)
	return c
}

// WithTLS makes a channel trust the servers' certificates.
func WithTLS(t testing.TB) grpc.DialOption {
	t.Helper()
	return grpc.WithTransportCredentials(clientTLS(t))
}

// WithTLSInTurn is WithTLS for a channel whose policy prefers the first address that
// answers. Its connections are made one at a time, so that this does not depend on how
// long a handshake takes.
func WithTLSInTurn(t testing.TB) grpc.DialOption {
	t.Helper()
	return grpc.WithTransportCredentials(inTurn(clientTLS(t)))
}

func clientTLS(t testing.TB) credentials.TransportCredentials {
	t.Helper()
	config, err := certs.Embedded().ClientConfig()
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	return credentials.NewTLS(config)
}

// NewClient returns a client that has no channel before Connect. The endpoint
// becomes part of the target. If it is empty, the client gets a unique one.
func NewClient(t testing.TB, policy, endpoint string) *Client {
	if endpoint == "" {
		endpoint = fmt.Sprintf("run-%d", targets.Add(1))
	}
	scheme := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	return &Client{t: t, policy: policy, target: scheme + ":///" + endpoint, Resolver: manual.NewBuilderWithScheme(scheme)}
}

// Connect makes the client's channel. The channel closes when the test ends.
func (c *Client) Connect(opts ...grpc.DialOption) {
	c.t.Helper()
	conn, err := grpc.NewClient(c.target, append(opts, grpc.WithResolvers(c.Resolver))...)
	if err != nil {
		c.t.Fatalf("dial: %v", err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	c.Conn = conn
}

// As returns a client for the same channel that reads the series of another policy.
func (c *Client) As(policy string) *Client {
	other := *c
	other.policy = policy
	return &other
}

// Update sends a resolver update and returns when the policy has handled it.
func (c *Client) Update(s resolver.State) {
	// The error is for resolvers. Tests send empty updates, which fail, on purpose.
	_ = c.Resolver.CC().UpdateState(s)
}

// AwaitState waits until the channel is in the state. It does not make an IDLE
// channel connect.
func (c *Client) AwaitState(ctx context.Context, want connectivity.State) {
	c.t.Helper()
	for {
		got := c.Conn.GetState()
		if got == want {
			return
		}
		if !c.Conn.WaitForStateChange(ctx, got) {
			c.t.Fatalf("the channel stays %v, want %v", got, want)
		}
	}
}
