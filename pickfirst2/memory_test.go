package pickfirst2_test

import (
	"errors"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// A resolver may overwrite an update with the next one.
func TestAResolverMayReuseItsMemory(t *testing.T) {
	t.Parallel()
	tests := map[string]resolver.State{
		"one address":             {Endpoints: balancertest.Endpoints("a:1")},
		"several addresses":       {Endpoints: []resolver.Endpoint{balancertest.Endpoint("a:1", "b:1")}},
		"several endpoints":       {Endpoints: balancertest.Endpoints("a:1", "b:1")},
		"an empty endpoint too":   {Endpoints: []resolver.Endpoint{balancertest.Endpoint("a:1"), {}}},
		"Addresses only, one":     {Addresses: balancertest.Endpoint("a:1").Addresses},
		"Addresses only, several": {Addresses: balancertest.Endpoint("a:1", "b:1").Addresses},
	}
	for name, state := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := &firstAddresses(state)[0]
			for _, config := range []string{`{}`, `{"shuffleAddressList": true}`} {
				cc, p := build(t)
				for _, addr := range []string{"a:1", "z:1"} {
					first.Addr = addr
					updateState(t, p, config, state)
					readyAt(t, cc, addr)
				}
			}
		})
	}
}

// A parent between the policy and the channel may write to the addresses that it
// gets in NewSubConn.
func TestAParentMayChangeTheAddressOfASubConn(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	p := cc.Build(between(func(cc balancer.ClientConn) balancer.ClientConn { return renamer{cc} }))
	defer p.Close()
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	a := cc.SubConn("a:1")
	if got := a.Address().ServerName; got != "renamed" {
		t.Fatalf("SubConn with the ServerName %q, want renamed", got)
	}
	a.Ready()
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	if a.IsShutdown() {
		t.Error("the same list again shut the connection down")
	}
}

type renamer struct{ balancer.ClientConn }

func (r renamer) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	addrs[0].ServerName = "renamed"
	return r.ClientConn.NewSubConn(addrs, opts)
}

// firstAddresses returns the addresses of the first endpoint, or Addresses if there
// are no endpoints.
func firstAddresses(s resolver.State) []resolver.Address {
	if len(s.Endpoints) > 0 {
		return s.Endpoints[0].Addresses
	}
	return s.Addresses
}

func updateState(t *testing.T, p *balancertest.Policy, config string, s resolver.State) {
	t.Helper()
	parsed, err := pickfirst2.NewBuilder().(balancer.ConfigParser).ParseConfig([]byte(config))
	if err != nil {
		t.Fatalf("parse config: %v", err)
	}
	if err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: s, BalancerConfig: parsed}); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// readyAt lets only the attempt to addr succeed, and checks that RPCs go there.
func readyAt(t *testing.T, cc *balancertest.ClientConn, addr string) {
	t.Helper()
	for range 3 {
		for _, sc := range cc.Live() {
			switch {
			case !sc.Wanted() || sc.State() != stIdle:
			case sc.Addr() == addr:
				sc.Ready()
			default:
				sc.Fail(errors.New("refused"))
			}
		}
	}
	if sc, err := cc.Pick(); err != nil || sc.Addr() != addr {
		t.Fatalf("pick = %v, %v, want %s", sc, err, addr)
	}
}
