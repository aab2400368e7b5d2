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
	// The same Addr under another name is another connection.
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
	for _, sc := range cc.Live() {
		sc.Ready()
	}
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
		t.Errorf("the SubConn was made with %v, which is the endpoint's", got)
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
		wantPickError(t, cc, "test_policy: no children to pick from: name resolver error: produced zero addresses")
		if live := cc.Live(); len(live) > 0 {
			t.Errorf("live SubConns: %v, want none", live)
		}
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	wantStates(t, cc, stConnecting, stReady, stFailure, stFailure, stConnecting, stReady)
}

func TestAnEmptyUpdateReplacesTheResolversError(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	p.ResolverError(errors.New("no such name"))
	wantPickError(t, cc, "test_policy: no children to pick from: name resolver error: no such name")
	_ = p.Update()
	wantPickError(t, cc, "test_policy: no children to pick from: name resolver error: produced zero addresses")
}

func TestAnEndpointThatIsListedTwiceIsOne(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "a:1")...)
	cc.SubConn("a:1").Fail(errors.New("refused"))
	wantPickError(t, cc, "test_policy: none of 1 endpoints is ready: connect to a:1: refused")
}

// Each picker wakes all RPCs that wait; when many endpoints retry in vain, those
// that the error does not tell of cause none.
func TestAFailureThatTheErrorDoesNotTellOfIsNoNews(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1", "d:1")...)
	fail := func(addr, why string) {
		sc := cc.SubConn(addr)
		if sc.State() == stFailure {
			sc.Idle()
		}
		sc.Fail(errors.New(why))
	}
	for _, addr := range []string{"a:1", "b:1", "c:1", "d:1"} {
		fail(addr, "refused")
	}
	reports := len(cc.States())
	fail("a:1", "reset")
	if got := len(cc.States()) - reports; got != 0 {
		t.Errorf("%d reports on a failure of a:1, want none", got)
	}
	fail("b:1", "reset")
	wantPickError(t, cc, "test_policy: none of 4 endpoints is ready: (1 more); connect to b:1: reset; connect to c:1: refused; connect to d:1: refused")
}

func TestEndpointsThatSwapPlacesKeepTheirConnections(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
	for _, sc := range cc.Live() {
		sc.Ready()
	}
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

// Addresses may carry attributes of their own, for PickerBuilders that look for
// them there. They are those of the last update.
func TestAttributesOfAddressesAreThoseOfTheLastUpdate(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	send := func(s resolver.State) {
		t.Helper()
		if err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
			t.Fatalf("update: %v", err)
		}
	}
	want := func(want any) {
		t.Helper()
		for _, info := range r.builds[len(r.builds)-1].ReadySCs {
			if got := info.Address.BalancerAttributes.Value("k"); got != want {
				t.Errorf("attribute %v, want %v", got, want)
			}
		}
	}
	addr := func(value any) resolver.Address {
		a := resolver.Address{Addr: "a:1"}
		if value != nil {
			a.BalancerAttributes = attributes.New("k", value)
		}
		return a
	}
	endpoint := func(value any) resolver.State {
		return resolver.State{Endpoints: []resolver.Endpoint{{Addresses: []resolver.Address{addr(value)}}}}
	}
	send(endpoint("first"))
	cc.SubConn("a:1").Ready()
	want("first")
	send(endpoint("second"))
	want("second")
	send(endpoint(nil))
	want(nil)
	for _, value := range []any{"third", nil, "fourth"} { // without endpoints they become the endpoint's
		send(resolver.State{Addresses: []resolver.Address{addr(value)}})
		want(value)
	}
	if got := len(cc.SubConns()); got != 1 {
		t.Errorf("%d SubConns, want the one kept", got)
	}
}

// Each report wakes all RPCs that wait, and in large channels it is an answer to
// a resolver update that is not put off.
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

// The channel refuses SubConns while it is being closed, and parents may have
// other reasons. An update, even the same again, is another chance.
func TestASubConnThatWasRefusedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, _ := build(t)
		defer p.Close()
		mustUpdate(t, p, balancertest.Endpoint("a:1", "a:2"))
		cc.SubConn("a:1").Connecting()
		cc.FailNewSubConn(errors.New("no"))
		advance(250 * time.Millisecond) // a:2 is refused
		update := func() { mustUpdate(t, p, balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1")) }
		update() // so is b:1
		cc.FailNewSubConn(nil)
		update()
		advance(250 * time.Millisecond)
		for _, addr := range []string{"a:2", "b:1"} {
			if !cc.SubConn(addr).Wanted() {
				t.Errorf("no connection to %s is asked for", addr)
			}
		}
	})
}
