package realchannel_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	member1 = "member1.etcd.local"
	member2 = "member2.etcd.local"
)

// dialNamed makes a channel to servers. The addresses have the ServerNames in names.
func dialNamed(t testing.TB, policy, endpoint string, all channeltest.Servers, names []string, opts ...grpc.DialOption) *channeltest.Client {
	t.Helper()
	c := channeltest.NewClient(t, policy, endpoint)
	var s resolver.State
	for i, name := range names {
		s.Addresses = append(s.Addresses, resolver.Address{Addr: all[i].Addr, ServerName: name})
	}
	c.Resolver.InitialState(s)
	c.Connect(append([]grpc.DialOption{
		channeltest.WithTLS(t),
		grpc.WithDefaultServiceConfig(lbconfig.ServiceConfig(policy)),
	}, opts...)...)
	return c
}

// naming is one way to say which name the server must have.
type naming struct {
	name, endpoint, serverName string
	opts                       []grpc.DialOption
}

// forEachNaming runs a subtest for each policy and naming, with a channel to one
// server. The server's certificate is for member1 only.
func forEachNaming(t *testing.T, namings []naming, test func(context.Context, *testing.T, *channeltest.Client, *channeltest.Server)) {
	t.Helper()
	for _, policy := range bothPolicies {
		for _, n := range namings {
			t.Run(policy+" "+n.name, func(t *testing.T) {
				t.Parallel()
				all := channeltest.StartServers(t, 1)
				c := dialNamed(t, policy, n.endpoint, all, []string{n.serverName}, n.opts...)
				test(channeltest.Context(t), t, c, all[0])
			})
		}
	}
}

func TestAServersNameIsProvenAndSentAsAuthority(t *testing.T) {
	t.Parallel()
	tests := []naming{
		{name: "the address has it", endpoint: "lb.example", serverName: member1},
		{name: "the channel has it", endpoint: member1},
		{name: "WithAuthority has it", endpoint: "lb.example", opts: []grpc.DialOption{grpc.WithAuthority(member1)}},
		{name: "WithAuthority comes before the address", endpoint: member2, serverName: member2, opts: []grpc.DialOption{grpc.WithAuthority(member1)}},
		{name: "the address comes before the channel", endpoint: member2, serverName: member1},
	}
	forEachNaming(t, tests, func(ctx context.Context, t *testing.T, c *channeltest.Client, server *channeltest.Server) {
		if addr, err := c.Call(ctx); err != nil || addr != server.Addr {
			t.Fatalf("RPC went to %q, %v", addr, err)
		}
		if got := server.Probe.LastAuthority(); got != member1 {
			t.Errorf("the server saw :authority %q, want %q", got, member1)
		}
	})
}

func TestAWrongServerNameIsRefused(t *testing.T) {
	t.Parallel()
	tests := []naming{
		{name: "the address has it", endpoint: member1, serverName: member2},
		{name: "the channel has it", endpoint: member2},
		{name: "WithAuthority has it", endpoint: member1, serverName: member1, opts: []grpc.DialOption{grpc.WithAuthority(member2)}},
	}
	forEachNaming(t, tests, func(ctx context.Context, t *testing.T, c *channeltest.Client, server *channeltest.Server) {
		_, err := c.Call(ctx)
		want := "certificate is valid for " + member1 + ", not " + member2
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), want) {
			t.Errorf("RPC: %v, want Unavailable: %s", err, want)
		}
		if got := server.Probe.LastAuthority(); got != "" {
			t.Errorf("an RPC with :authority %s reached the server", got)
		}
	})
}

func TestEachOfTheServersHasItsOwnName(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := dialNamed(t, roundrobin2.Name, "lb.example", all, certs.Embedded().Members()[:3])
	c.CallUntilEven(ctx, 9, all.Addrs()...)
	for _, s := range all {
		if got := s.Probe.LastAuthority(); got != s.Name {
			t.Errorf("server %s saw :authority %q", s.Name, got)
		}
	}
}

// The resolver returns one Addr twice, with a right and a wrong ServerName. gRPC
// identifies endpoints by Addr, so round_robin2 sees the same endpoint twice.
func TestOneAddressUnderTwoNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		policy string
		names  []string
	}{
		{pickfirst2.Name, []string{member2, member1}},  // fails over to the second name
		{roundrobin2.Name, []string{member1, member2}}, // uses only the first name
	}
	for _, test := range tests {
		t.Run(test.policy, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
			all := channeltest.StartServers(t, 1)
			c := dialNamed(t, test.policy, "lb.example", channeltest.Servers{all[0], all[0]}, test.names)
			for range 10 {
				if _, err := c.Call(ctx); err != nil {
					t.Errorf("RPC: %v", err)
				}
				if got := all[0].Probe.LastAuthority(); got != member1 {
					t.Errorf("the server saw :authority %q, want %q", got, member1)
				}
			}
		})
	}
}

func TestANewServerNameIsProvenAnew(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 1)
		c := dialNamed(t, policy, "lb.example", all, []string{member1})
		c.CallUntilEven(ctx, 5, all[0].Addr)
		c.Update(resolver.State{Addresses: []resolver.Address{{Addr: all[0].Addr, ServerName: member2}}})
		c.AwaitState(ctx, connectivity.TransientFailure)
		if _, err := c.Call(ctx); status.Code(err) != codes.Unavailable {
			t.Errorf("RPC to the server under another server's name: %v, want Unavailable", err)
		}
	})
}
