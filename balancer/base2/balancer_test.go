package base2_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

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
	a.Connecting() // TRANSIENT_FAILURE is sticky: no report
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

func TestHealthGateFollowsTheOption(t *testing.T) {
	t.Parallel()
	for _, gated := range []bool{true, false} {
		t.Run(fmt.Sprint(gated), func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			cc.SetManualHealth(true)
			r := &recorder{}
			var options []base2.Option
			if !gated {
				options = append(options, base2.WithoutHealthChecks())
			}
			p := cc.Build(base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return r }, options...))
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
	}, base2.WithoutHealthChecks())
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
		p := cc.Build(base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return &recorder{} }, base2.WithoutHealthChecks()))
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
