package base2_test

import (
	"cmp"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

func TestAKeyIsTheSameInAllClients(t *testing.T) {
	t.Parallel()
	keys := func(e ...resolver.Endpoint) (keys []string) {
		_, p, v := buildViewer(t, base2.WithEveryState())
		mustUpdate(t, p, e...)
		for _, s := range v.last() {
			keys = append(keys, s.Endpoint.Key())
		}
		return keys
	}
	one := keys(balancertest.Endpoint("a:1"), balancertest.Endpoint("b:1", "b:2"), balancertest.Endpoint("c:1", "c:2"))
	other := keys(balancertest.Endpoint("c:2", "c:1"), balancertest.Endpoint("a:1"), balancertest.Endpoint("b:2", "b:1"))
	if one[0] != "a:1" || one[1] == one[2] || other[1] != one[0] || other[2] != one[1] || other[0] != one[2] {
		t.Errorf("keys %q, and %q in another client, want the same by endpoint, and a:1 for a:1", one, other)
	}
}

func TestADroppedEndpointIsShutDown(t *testing.T) {
	t.Parallel()
	cc, dropper := balancertest.NewClientConn(t), &dropping{}
	p := cc.Build(base2.New("dropping", func(*base2.Channel) *dropping { return dropper }, base2.WithEveryState()))
	defer p.Close()
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	cc.SubConn("a:1").Ready()
	mustUpdate(t, p, balancertest.Endpoints("b:1")...)
	if got := dropper.status; got.State != connectivity.Shutdown || got.SubConn != nil {
		t.Errorf("the status of a dropped endpoint is %v, want SHUTDOWN without a SubConn", got)
	}
}

// dropping is a Policy that asks for the status of the endpoint that it saw first.
type dropping struct {
	first  *base2.Endpoint[struct{}]
	status base2.Status[struct{}]
}

func (d *dropping) NewPicker(view base2.View[struct{}]) balancer.Picker {
	for s := range view.All() {
		d.first = cmp.Or(d.first, s.Endpoint)
	}
	d.status = view.Status(d.first)
	return constPicker{d.status.SubConn}
}

// counted is Data that counts its initializations.
type counted struct{ inits int }

func (c *counted) Init() { c.inits++ }

type countedPolicy struct{ seen []int }

func (p *countedPolicy) NewPicker(view base2.View[counted]) balancer.Picker {
	p.seen = nil
	for s := range view.All() {
		p.seen = append(p.seen, s.Endpoint.Data.inits)
	}
	return constPicker{}
}

func TestDataIsInitializedOnce(t *testing.T) {
	t.Parallel()
	cc, c := balancertest.NewClientConn(t), &countedPolicy{}
	p := cc.Build(base2.New("counted", func(*base2.Channel) *countedPolicy { return c }, base2.WithEveryState()))
	defer p.Close()
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	cc.SubConn("a:1").Ready()
	mustUpdate(t, p, balancertest.Endpoints("b:1", "a:1", "c:1")...)
	if want := []int{1, 1, 1}; !slices.Equal(c.seen, want) {
		t.Errorf("Init was called %v times, want %v", c.seen, want)
	}
}
