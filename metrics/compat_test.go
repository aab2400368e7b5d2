package metrics_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/endpointsharding"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// A policy that sets no StateListener gets events by UpdateSubConnState, with the
// SubConns that it made.
func TestLegacyPolicyHearsOfItsOwnSubConns(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, cc, p := metered(t, m)
	var heard []connectivity.State
	var from []balancer.SubConn
	s.onLegacy = func(sc balancer.SubConn, state balancer.SubConnState) {
		heard, from = append(heard, state.ConnectivityState), append(from, sc)
	}
	sc := s.connectWith(t, "a:1", nil)
	cc.SubConn("a:1").Ready()
	s.publish(balancer.PickResult{SubConn: sc}, nil)
	if _, err := cc.RPC(nil); err != nil {
		t.Errorf("RPC: %v", err)
	}
	s.onClose = sc.Shutdown
	p.Close()

	if want := []connectivity.State{connecting, ready, shutdown}; !slices.Equal(heard, want) {
		t.Errorf("the policy heard %v, want %v", heard, want)
	}
	if slices.ContainsFunc(from, func(got balancer.SubConn) bool { return got != sc }) {
		t.Errorf("the policy heard of %v, want only of %v", from, sc)
	}
	if got := scrape(t, m).sum("rpc_attempts_total"); got != 1 {
		t.Errorf("RPCs = %v, want 1", got)
	}
}

func TestPolicyThatIsClosedWhileItMakesASubConn(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithRetention(0))
	cc, s := &looseConn{}, &stub{}
	p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
	cc.inNewSubConn = func() error {
		p.Close()
		return nil
	}
	sc := s.connect(t, "a:1")
	cc.made[0].state(connecting, ready)
	if got := scrape(t, m); len(got) != 0 {
		t.Errorf("series: %v, want none: nothing would tell when they end", got)
	}
	sc.Shutdown()
	if n := cc.made[0].shutdowns; n != 1 {
		t.Errorf("Shutdown reached gRPC's SubConn %d times, want 1", n)
	}
	if got := scrape(t, m); len(got) != 0 {
		t.Errorf("series after Shutdown: %v, want none", got)
	}
}

// wrapper is a policy with a child and a name of its own. It only passes calls on.
type wrapper struct {
	name  string
	child balancer.Builder
}

func (w wrapper) Name() string { return w.name }

func (w wrapper) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return w.child.Build(cc, opts)
}

func TestNestedDecoratorsUnwrapTheirOwnLayer(t *testing.T) {
	t.Parallel()
	same, other := metrics.New(), metrics.New()
	tests := []struct {
		name         string
		inner, outer *metrics.Metrics
	}{
		{"into one Metrics", same, same},
		{"into two", same, other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &stub{name: "child of " + tt.name}
			outer := wrapper{name: "parent of " + tt.name, child: tt.inner.Instrument(s)}
			cc := balancertest.NewClientConn(t)
			p := cc.Build(tt.outer.Instrument(outer))
			s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
			cc.SubConn("a:1").Ready()
			if got, err := cc.RPC(nil); err != nil || got != cc.SubConn("a:1") {
				t.Errorf("RPC went to %v, %v, want a:1", got, err)
			}
			s.cc.RemoveSubConn(s.connect(t, "b:1"))
			if live := cc.Live(); len(live) != 1 {
				t.Errorf("live SubConns: %v, want one", live)
			}
			p.Close()

			for name, m := range map[string]*metrics.Metrics{s.name: tt.inner, outer.name: tt.outer} {
				got := scrape(t, m).ofPolicy(name)
				want := map[string]float64{
					"picks_total a:1": 1, "rpc_attempts_total a:1 OK": 1, "picker_updates_total": 1,
					"connection_attempts_succeeded_total a:1": 1, "connect_duration_seconds_count": 1,
				}
				if diff := cmp.Diff(want, got.nonzero()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// The pickers of a metered policy's children return the decorator's SubConns, which
// gRPC does not accept: a parent that used these pickers would pick forever. So it
// must not find them, unless it is metered itself.
func TestChildStatesOfAMeteredPolicyAreHidden(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		meterParent, meterChild bool
		want                    int // number of children that the parent finds
	}{
		"nothing metered": {false, false, 2},
		"child metered":   {false, true, 0},
		"parent metered":  {true, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := metrics.New()
			child := grpcPolicies[1]
			if tt.meterChild {
				child = m.Instrument(child)
			}
			found := -1
			var parent balancer.Builder = wrapper{name: "parent", child: builderFunc(func(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
				return child.Build(asking{cc, &found}, opts)
			})}
			if tt.meterParent {
				parent = m.Instrument(parent)
			}
			cc := balancertest.NewClientConn(t)
			p := cc.Build(parent)
			if err := p.Update(balancertest.Endpoints("a:1", "b:1")...); err != nil {
				t.Fatalf("update: %v", err)
			}
			for _, addr := range []string{"a:1", "b:1"} {
				cc.SubConn(addr).Ready()
			}
			if found != tt.want {
				t.Errorf("the parent finds %d children, want %d", found, tt.want)
			}
			if _, err := cc.RPC(nil); err != nil {
				t.Errorf("RPC: %v", err)
			}
			p.Close()
		})
	}
}

// asking is a parent that counts its child's children, and uses the picker of one
// if there are any.
type asking struct {
	balancer.ClientConn
	found *int
}

func (a asking) UpdateState(s balancer.State) {
	children := endpointsharding.ChildStatesFromPicker(s.Picker)
	*a.found = len(children)
	for _, child := range children {
		if child.State.ConnectivityState == ready {
			s.Picker = child.State.Picker
		}
	}
	a.ClientConn.UpdateState(s)
}

// If a child picks a SubConn of its parent, only the parent unwraps it.
func TestInnerLayerLeavesTheOuterSubConnAlone(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	child := &stub{name: "child"}
	var parentCC balancer.ClientConn
	parent := wrapper{name: "parent", child: builderFunc(func(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
		parentCC = cc
		return m.Instrument(child).Build(cc, opts)
	})}
	cc := balancertest.NewClientConn(t)
	cc.Build(m.Instrument(parent))
	sc, err := parentCC.NewSubConn([]resolver.Address{{Addr: "a:1"}}, balancer.NewSubConnOptions{StateListener: func(balancer.SubConnState) {}})
	if err != nil {
		t.Fatalf("NewSubConn: %v", err)
	}
	sc.Connect()
	cc.SubConn("a:1").Ready()
	child.publish(balancer.PickResult{SubConn: sc}, nil)
	if _, err := cc.RPC(nil); err != nil {
		t.Errorf("RPC: %v", err)
	}
	got := scrape(t, m)
	if c, p := got.ofPolicy("child").sum("picks_total"), got.ofPolicy("parent").sum("picks_total"); c != 0 || p != 1 {
		t.Errorf("picks of the child = %v, of the parent = %v, want 0 and 1", c, p)
	}
}

type builderFunc func(balancer.ClientConn, balancer.BuildOptions) balancer.Balancer

func (builderFunc) Name() string { return "func" }

func (f builderFunc) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return f(cc, opts)
}
