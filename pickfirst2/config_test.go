package pickfirst2_test

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

type foreignConfig struct {
	serviceconfig.LoadBalancingConfig
}

func TestAForeignConfigChangesNothing(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	err := p.UpdateClientConnState(balancer.ClientConnState{
		ResolverState:  balancertest.ResolverState(balancertest.Endpoints("b:1")...),
		BalancerConfig: foreignConfig{},
	})
	if !errors.Is(err, balancer.ErrBadResolverState) || !strings.Contains(err.Error(), "pick_first2: use config: it is a pickfirst2_test.foreignConfig") {
		t.Errorf("update: %v, want ErrBadResolverState and the type", err)
	}
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" {
		t.Errorf("pick = %v, %v, want a:1", sc, err)
	}
}

func TestShuffleAddressList(t *testing.T) {
	t.Parallel()
	addrs := []string{"a:1", "b:1", "c:1", "d:1"}
	first := map[string]int{}
	for range 400 {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(pickfirst2.NewBuilder())
		if err := p.UpdateWithConfig(`{"shuffleAddressList": true}`, balancertest.Endpoints(addrs...)...); err != nil {
			t.Fatalf("update: %v", err)
		}
		first[cc.Live()[0].Addr()]++
		p.Close()
	}
	for _, a := range addrs { // 100 expected; 50 is over five standard deviations away
		if first[a] < 50 {
			t.Errorf("%s came first %d times in 400, want about 100", a, first[a])
		}
	}
	cc, p := build(t)
	if err := p.UpdateWithConfig(`{}`, balancertest.Endpoints(addrs...)...); err != nil {
		t.Fatalf("update: %v", err)
	}
	if got := cc.Live()[0].Addr(); got != "a:1" {
		t.Errorf("without shuffling, %s came first, want a:1", got)
	}
}

func TestShufflingKeepsEndpointsTogether(t *testing.T) {
	t.Parallel()
	for range 20 {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(pickfirst2.NewBuilder())
		if err := p.UpdateWithConfig(`{"shuffleAddressList": true}`,
			balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1", "b:2"), balancertest.Endpoint("c:1", "c:2")); err != nil {
			t.Fatalf("update: %v", err)
		}
		var tried []string
		for i := range 6 {
			sc := cc.SubConns()[i]
			tried = append(tried, sc.Addr())
			sc.Fail(errors.New("refused"))
		}
		for i := 0; i < 6; i += 2 {
			if first, second := tried[i], tried[i+1]; first[0] != second[0] || first[2] != '1' {
				t.Fatalf("addresses were tried in the order %v", tried)
			}
		}
		p.Close()
	}
}
