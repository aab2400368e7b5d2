package base2_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

func TestUpdates(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	cc.SubConn("a:1").Ready()
	cc.SubConn("b:1").Ready()

	builds, reports, picker := len(r.builds), len(cc.States()), cc.State().Picker
	mustUpdate(t, p, balancertest.Endpoints("b:1", "a:1", "b:1")...)
	if len(r.builds) != builds {
		t.Errorf("an update that changed nothing led to a call of Build")
	}
	if got := len(cc.States()); got != reports+1 || cc.State().Picker != picker {
		t.Errorf("%d reports on an update that changed nothing, want one, with the last picker", got-reports)
	}
	mustUpdate(t, p, balancertest.Endpoints("b:1", "c:1")...)
	cc.SubConn("c:1").Ready()
	if got, want := r.addrs(), []string{"b:1", "c:1"}; !slices.Equal(got, want) {
		t.Errorf("READY addresses: %v, want %v", got, want)
	}
	if live := cc.Live(); len(live) != 2 {
		t.Errorf("live SubConns: %v, want those to b:1 and c:1", live)
	}
	// The same Addr with another ServerName needs another connection.
	e := balancertest.Endpoint("b:1")
	e.Addresses[0].ServerName = "other"
	old := cc.SubConn("b:1")
	mustUpdate(t, p, e, balancertest.Endpoint("c:1"))
	if fresh := cc.SubConn("b:1"); fresh == old || fresh.Address().ServerName != "other" {
		t.Errorf("SubConn to b:1 has ServerName %q, want other", fresh.Address().ServerName)
	}
	if got, want := r.addrs(), []string{"c:1"}; !slices.Equal(got, want) {
		t.Errorf("READY addresses: %v, want %v", got, want)
	}
}

func TestAnUpdateLeadsToOneReport(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
	connectAll(cc)
	reports := len(cc.States())
	mustUpdate(t, p, balancertest.Endpoints("d:1", "e:1", "f:1")...)
	if got := cc.States()[reports:]; !slices.Equal(got, []connectivity.State{stConnecting}) {
		t.Errorf("reports on an update that replaces all: %v, want CONNECTING once", got)
	}
}

func TestOnlyAddresses(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	s := resolver.State{Addresses: []resolver.Address{{Addr: "a:1", BalancerAttributes: attributes.New("k", "v")}, {Addr: "b:1"}}}
	if err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
		t.Fatalf("update: %v", err)
	}
	cc.SubConn("b:1").Ready()
	cc.SubConn("a:1").Ready()
	if got := cc.SubConn("a:1").Address().BalancerAttributes; got != nil {
		t.Errorf("the SubConn has the BalancerAttributes %v, want none: they are the endpoint's", got)
	}
	for _, info := range r.builds[1].ReadySCs {
		if got := info.Address.BalancerAttributes.Value("k"); info.Address.Addr == "a:1" && got != "v" {
			t.Errorf("attribute of a:1 = %v, want v", got)
		}
	}
	if got, want := r.addrs(), []string{"a:1", "b:1"}; !slices.Equal(got, want) {
		t.Errorf("READY addresses: %v, want %v", got, want)
	}
}

func TestEmptyUpdate(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	for _, endpoints := range [][]resolver.Endpoint{nil, {{}}} {
		if err := p.Update(endpoints...); !errors.Is(err, balancer.ErrBadResolverState) {
			t.Errorf("update: %v, want ErrBadResolverState", err)
		}
		wantPickError(t, cc, "test_policy: no endpoints to pick from: name resolver error: produced zero addresses")
		if live := cc.Live(); len(live) > 0 {
			t.Errorf("live SubConns: %v, want none", live)
		}
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	wantStates(t, cc, stConnecting, stReady, stFailure, stFailure, stConnecting, stReady)
}

func TestAnEndpointThatIsListedTwiceIsOne(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "a:1")...)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	wantPickError(t, cc, "test_policy: none of 1 endpoints is ready: connect to a:1: refused")
}

func TestEndpointsThatSwapPlacesKeepTheirConnections(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
	connectAll(cc)
	before := cc.Live()
	mustUpdate(t, p, balancertest.Endpoints("b:1", "a:1", "d:1")...)
	if got := cc.Live()[:2]; len(cc.SubConns()) != 4 || !slices.Equal(slices.Sorted(slices.Values(addrsOf(got))), []string{"a:1", "b:1"}) {
		t.Errorf("SubConns %v became %v, want those to a:1 and b:1 kept", before, cc.Live())
	}
	if got := r.addrs(); !slices.Equal(got, []string{"a:1", "b:1"}) {
		t.Errorf("the picker is for %v, want a:1 and b:1", got)
	}
}

func addrsOf(conns []*balancertest.SubConn) []string {
	var addrs []string
	for _, sc := range conns {
		addrs = append(addrs, sc.Addr())
	}
	return addrs
}

// Each report wakes all waiting RPCs. In large channels an answer to a resolver update
// is never delayed, so a repeated answer would defeat the delays.
func TestAnAnswerIsGivenOnce(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	cc.SubConn("a:1").Ready()
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	reports := len(cc.States())
	cc.SubConn("b:1").Fail(errors.New("refused")) // beside one that is READY it changes nothing
	cc.SubConn("b:1").Idle()
	if got := len(cc.States()) - reports; got != 0 {
		t.Errorf("%d reports after the answer, want none", got)
	}
}

// The channel refuses SubConns while it is being closed, and parents may have other
// reasons. Each update asks again, even if it changes nothing.
func TestASubConnThatWasRefusedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, _ := build(t)
		mustUpdate(t, p, balancertest.Endpoint("a:1", "a:2"))
		cc.SubConn("a:1").Connecting()
		cc.FailNewSubConn(errors.New("no"))
		advance(250 * time.Millisecond) // a:2 is refused
		update := func() { mustUpdate(t, p, balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1")) }
		update() // b:1 is refused too
		cc.FailNewSubConn(nil)
		update()
		advance(250 * time.Millisecond)
		for _, addr := range []string{"a:2", "b:1"} {
			if !cc.SubConn(addr).Wanted() {
				t.Errorf("the policy does not connect to %s", addr)
			}
		}
	})
}
