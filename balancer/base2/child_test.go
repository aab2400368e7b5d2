package base2

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// capture remembers the policy that it built last.
type capture struct {
	balancer.Builder
	built *endpointBalancer
}

func (c *capture) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	built := c.Builder.Build(cc, opts)
	c.built, _ = built.(*endpointBalancer)
	return built
}

// An endpoint whose addresses change while none of them connects must not pile
// up what it remembers of their SubConns.
func TestSubConnsThatAreShutDownAreForgotten(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	b := &capture{Builder: NewBalancerBuilder("test_policy", func() base.PickerBuilder { return nil }, base.Config{})}
	p := cc.Build(b)
	defer p.Close()
	for i := range 20 {
		e := balancertest.Endpoint("a:1")
		e.Addresses[0].ServerName = fmt.Sprint("name", i)
		if err := p.Update(e); err != nil {
			t.Fatalf("update: %v", err)
		}
		cc.SubConn("a:1").Fail(errors.New("refused"))
	}
	remembered := 0
	for _, c := range b.built.children {
		remembered += len(c.conns)
	}
	if live := len(cc.Live()); remembered != live {
		t.Errorf("%d SubConns are remembered, %d live", remembered, live)
	}
}

func TestASubConnWithoutAKnownAddressIsStillUsed(t *testing.T) {
	t.Parallel()
	var known, unknown balancer.SubConn = &balancertest.SubConn{}, &balancertest.SubConn{}
	addr := balancertest.Endpoint("a:1").Addresses[0]
	for conn, want := range map[balancer.SubConn]string{known: "a:1", unknown: ""} {
		c := &child{conns: []connAddress{{conn: known, addr: addr}}, picked: conn}
		if got := c.subConnInfoLocked().Address.Addr; got != want {
			t.Errorf("address %q, want %q", got, want)
		}
	}
}
