package base2_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	stIdle       = connectivity.Idle
	stConnecting = connectivity.Connecting
	stReady      = connectivity.Ready
	stFailure    = connectivity.TransientFailure
)

// recorder is a PickerBuilder that remembers what it was given; its pickers
// take the SubConn with the least address.
type recorder struct {
	builds []base.PickerBuildInfo
}

func (r *recorder) Build(info base.PickerBuildInfo) balancer.Picker {
	r.builds = append(r.builds, info)
	var first balancer.SubConn
	for sc, i := range info.ReadySCs {
		if first == nil || i.Address.Addr < info.ReadySCs[first].Address.Addr {
			first = sc
		}
	}
	return constPicker{first}
}

type constPicker struct{ sc balancer.SubConn }

func (p constPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.sc}, nil
}

// addrs returns the addresses that the last picker was built with, sorted.
func (r *recorder) addrs() []string {
	if len(r.builds) == 0 {
		return nil
	}
	var addrs []string
	for _, i := range r.builds[len(r.builds)-1].ReadySCs {
		addrs = append(addrs, i.Address.Addr)
	}
	slices.Sort(addrs)
	return addrs
}

func build(t testing.TB) (*balancertest.ClientConn, *balancertest.Policy, *recorder) {
	cc := balancertest.NewClientConn(t)
	r := &recorder{}
	p := cc.Build(base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return r }, base.Config{}))
	t.Cleanup(p.Close)
	return cc, p, r
}

func TestAggregatedState(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	wantStates(t, cc, stConnecting)
	a, b := cc.SubConn("a:1"), cc.SubConn("b:1")
	a.Fail(errors.New("refused"))
	wantStates(t, cc, stConnecting)
	b.Fail(errors.New("refused"))
	wantStates(t, cc, stConnecting, stFailure)
	a.Idle()
	a.Connecting() // sticky TRANSIENT_FAILURE: nothing to tell
	wantStates(t, cc, stConnecting, stFailure)
	a.Ready()
	wantStates(t, cc, stConnecting, stFailure, stReady)
	b.Idle()
	b.Ready()
	wantStates(t, cc, stConnecting, stFailure, stReady, stReady)
	b.Idle() // lost; the policy reconnects at once
	wantStates(t, cc, stConnecting, stFailure, stReady, stReady, stReady)
	a.Idle()
	wantStates(t, cc, stConnecting, stFailure, stReady, stReady, stReady, stConnecting)
	for i, info := range r.builds {
		if len(info.ReadySCs) == 0 {
			t.Errorf("call %d of Build got no SubConn", i)
		}
	}
}

func TestTheLastConnectionGoesThroughIdle(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	a.Ready()
	a.Idle()
	wantStates(t, cc, stConnecting, stReady, stIdle, stConnecting)
	if calls := a.ConnectCalls(); calls != 2 {
		t.Errorf("Connect was called %d times, want a second time without a pick", calls)
	}
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick while reconnecting: %v, want to be queued", err)
	}
}

func TestAnEndpointCountsOnce(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	mustUpdate(t, p, balancertest.Endpoint("a:1", "a:2"), balancertest.Endpoint("b:1"), balancertest.Endpoint("a:2", "a:1"))
	if got := len(cc.SubConns()); got != 2 {
		t.Fatalf("%d SubConns for two endpoints: %v", got, cc.SubConns())
	}
	cc.SubConn("a:1").Fail(errors.New("refused"))
	cc.SubConn("a:2").Ready()
	cc.SubConn("b:1").Ready()
	if got, want := r.addrs(), []string{"a:2", "b:1"}; !slices.Equal(got, want) {
		t.Errorf("READY addresses: %v, want %v", got, want)
	}
}

func TestSubConnInfoHasTheEndpointsAttributes(t *testing.T) {
	t.Parallel()
	cc, p, r := build(t)
	e := balancertest.Endpoint("a:1")
	e.Attributes = attributes.New("weight", 3)
	mustUpdate(t, p, e)
	cc.SubConn("a:1").Ready()
	weight := func() any {
		for _, info := range r.builds[len(r.builds)-1].ReadySCs {
			return info.Address.BalancerAttributes.Value("weight")
		}
		return nil
	}
	if got := weight(); got != 3 {
		t.Errorf("weight = %v, want 3", got)
	}
	e.Attributes = attributes.New("weight", 4)
	mustUpdate(t, p, e)
	if got := weight(); got != 4 {
		t.Errorf("weight after an update = %v, want 4", got)
	}
	if got := len(cc.SubConns()); got != 1 {
		t.Errorf("%d SubConns, want the one kept", got)
	}
}

func TestTheErrorIsNews(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	a := cc.SubConn("a:1")
	for _, cause := range []string{"refused", "no route"} {
		a.Fail(errors.New(cause))
		wantPickError(t, cc, "test_policy: none of 1 endpoints is ready: connect to a:1: "+cause)
		a.Idle()
	}
}

func TestErrorsNameEndpointsAndCauses(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	p.ResolverError(errors.New("no such name"))
	wantPickError(t, cc, "test_policy: no children to pick from: name resolver error: no such name")
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	fail := func(addr string, cause error) { cc.SubConn(addr).Fail(cause) }
	fail("b:1", status.Error(codes.Unauthenticated, "who?"))
	fail("a:1", errors.New("refused"))
	wantPickError(t, cc, "test_policy: none of 2 endpoints is ready: connect to a:1: refused; connect to b:1: rpc error: code = Unauthenticated desc = who?")
	if _, err := cc.Pick(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("pick: code %v, want that of the cause told last, Unauthenticated", status.Code(err))
	}
	p.ResolverError(errors.New("no such name"))
	wantPickError(t, cc, "test_policy: none of 2 endpoints is ready: connect to a:1: refused; connect to b:1: rpc error: code = Unauthenticated desc = who?; last resolver error: no such name")
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1", "d:1", "e:1")...)
	for _, addr := range []string{"c:1", "d:1", "e:1"} {
		fail(addr, errors.New("refused"))
	}
	wantPickError(t, cc, "test_policy: none of 5 endpoints is ready: (2 more); connect to c:1: refused; connect to d:1: refused; connect to e:1: refused")
}

func TestResolverErrorIsNotShownWhileAnythingWorks(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	p.ResolverError(errors.New("no such name"))
	wantStates(t, cc, stConnecting)
	cc.SubConn("a:1").Ready()
	p.ResolverError(errors.New("no such name"))
	wantStates(t, cc, stConnecting, stReady)
}

func TestHealthGateFollowsTheConfig(t *testing.T) {
	t.Parallel()
	for _, gated := range []bool{true, false} {
		t.Run(fmt.Sprint(gated), func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			cc.SetManualHealth(true)
			r := &recorder{}
			p := cc.Build(base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return r }, base.Config{HealthCheck: gated}))
			defer p.Close()
			mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
			a, b := cc.SubConn("a:1"), cc.SubConn("b:1")
			a.Ready()
			b.Ready()
			a.SetHealth(stReady, nil)
			b.SetHealth(stFailure, errors.New("sick"))
			want := []string{"a:1", "b:1"}
			if gated {
				want = want[:1]
			}
			if got := r.addrs(); !slices.Equal(got, want) {
				t.Errorf("READY addresses: %v, want %v", got, want)
			}
		})
	}
}

func TestEachChannelHasItsPickerBuilder(t *testing.T) {
	t.Parallel()
	calls := 0
	builder := base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder {
		calls++
		return &recorder{}
	}, base.Config{})
	if got := builder.Name(); got != "test_policy" {
		t.Errorf("name = %q, want test_policy", got)
	}
	for want := range 3 {
		p := balancertest.NewClientConn(t).Build(builder)
		defer p.Close()
		if calls != want+1 {
			t.Errorf("%d PickerBuilders for %d channels", calls, want+1)
		}
	}
}

func TestFirstAttemptsStartAtARandomEndpoint(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	for range 400 {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return &recorder{} }, base.Config{}))
		mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1", "d:1")...)
		var order []string
		for _, sc := range cc.SubConns() {
			order = append(order, sc.Addr())
		}
		first[order[0]]++
		if got := strings.Join(append(order, order...), " "); !strings.Contains(got, "a:1 b:1 c:1 d:1") {
			t.Fatalf("order of attempts: %v, want a rotation of the resolver's", order)
		}
		p.Close()
	}
	for _, a := range []string{"a:1", "b:1", "c:1", "d:1"} { // 100 expected; 50 is over five standard deviations away
		if first[a] < 50 {
			t.Errorf("%s came first %d times in 400, want about 100", a, first[a])
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	cc, p, _ := build(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1", "c:1")...)
	cc.SubConn("a:1").Ready()
	cc.SubConn("b:1").Fail(errors.New("refused"))
	reports := len(cc.States())
	p.Close()
	if live := cc.Live(); len(live) > 0 {
		t.Errorf("live SubConns after Close: %v", live)
	}
	if n := len(cc.States()); n != reports {
		t.Errorf("%d reports during Close", n-reports)
	}
}

func mustUpdate(t testing.TB, p *balancertest.Policy, endpoints ...resolver.Endpoint) {
	t.Helper()
	if err := p.Update(endpoints...); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func wantStates(t *testing.T, cc *balancertest.ClientConn, want ...connectivity.State) {
	t.Helper()
	if got := cc.States(); !slices.Equal(got, want) {
		t.Errorf("reported states: %v, want %v", got, want)
	}
}

func wantPickError(t *testing.T, cc *balancertest.ClientConn, want string) {
	t.Helper()
	if _, err := cc.Pick(); err == nil || err.Error() != want {
		t.Errorf("pick:\n got %v\nwant %s", err, want)
	}
}
