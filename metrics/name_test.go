package metrics_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

type podKey struct{}

func pod(name any) *attributes.Attributes { return attributes.New(podKey{}, name) }

func TestBackendsAreNamed(t *testing.T) {
	t.Parallel()
	endpoints := []resolver.Endpoint{
		{Addresses: []resolver.Address{{Addr: "a:1"}, {Addr: "a:2"}}, Attributes: pod("pod-a")},
		{Addresses: []resolver.Address{{Addr: "b:1"}}},
		{Addresses: []resolver.Address{{Addr: "a:2"}}, Attributes: pod("pod-c")}, // policies use the first
	}
	tests := []struct {
		name string
		by   func(resolver.Address) string
		addr resolver.Address
		want string
	}{
		{"address", nil, resolver.Address{Addr: "a:1", ServerName: "x"}, "a:1"},
		{"server name", metrics.NameByServerName, resolver.Address{Addr: "a:1", ServerName: "x"}, "x"},
		{"no server name", metrics.NameByServerName, resolver.Address{Addr: "a:1"}, "a:1"},
		{"attribute of the endpoint", metrics.NameByAttribute(podKey{}), resolver.Address{Addr: "a:2"}, "pod-a"},
		{"attribute of the address", metrics.NameByAttribute(podKey{}), resolver.Address{Addr: "a:1", Attributes: pod(7)}, "7"},
		{"attribute of the address for policies", metrics.NameByAttribute(podKey{}), resolver.Address{Addr: "a:1", BalancerAttributes: pod("p")}, "p"},
		{"no such attribute", metrics.NameByAttribute("other"), resolver.Address{Addr: "a:1"}, "a:1"},
		{"no attributes", metrics.NameByAttribute(podKey{}), resolver.Address{Addr: "b:1"}, "b:1"},
		{"no name", metrics.NameNone, resolver.Address{Addr: "a:1"}, ""},
		{"own function", func(a resolver.Address) string { return "<" + a.Addr + ">" }, resolver.Address{Addr: "a:1"}, "<a:1>"},
		{"not UTF-8", func(resolver.Address) string { return "\xffx" }, resolver.Address{Addr: "a:1"}, "\uFFFDx"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := metrics.New()
			if tt.by != nil {
				m = metrics.New(metrics.WithBackendName(tt.by))
			}
			s, _, p := metered(t, m)
			if err := p.Update(endpoints...); err != nil {
				t.Fatalf("update: %v", err)
			}
			if _, err := s.cc.NewSubConn([]resolver.Address{tt.addr, {Addr: "z:1"}}, balancer.NewSubConnOptions{}); err != nil {
				t.Fatalf("NewSubConn: %v", err)
			}
			if diff := cmp.Diff([]string{tt.want}, scrape(t, m).backends()); diff != "" {
				t.Errorf("backends (-want +got):\n%s", diff)
			}
		})
	}
}

// Policies make SubConns during the update that has their endpoints.
func TestBackendsAreNamedByTheirEndpointsInTheNewestUpdate(t *testing.T) {
	t.Parallel()
	endpoint := func(addr, name string) resolver.Endpoint {
		e := balancertest.Endpoint(addr)
		e.Attributes = pod(name)
		return e
	}
	updates := []struct {
		endpoints []resolver.Endpoint
		want      []string
	}{
		{[]resolver.Endpoint{endpoint("a:1", "pod-a"), endpoint("b:1", "pod-b")}, []string{"pod-a", "pod-b"}},
		{[]resolver.Endpoint{endpoint("a:1", "pod-a"), endpoint("c:1", "pod-c")}, []string{"pod-a", "pod-c"}},
		{[]resolver.Endpoint{endpoint("a:1", "pod-a")}, []string{"pod-a"}},
		{[]resolver.Endpoint{endpoint("a:1", "pod-a"), endpoint("c:1", "pod-d")}, []string{"pod-a", "pod-d"}},
		{[]resolver.Endpoint{endpoint("a:1", "pod-a"), balancertest.Endpoint("b:1")}, []string{"b:1", "pod-a"}},
	}
	for _, policy := range []balancer.Builder{grpcPolicies[1], newRandomBuilder(new(atomic.Int64))} {
		t.Run(policy.Name(), func(t *testing.T) {
			t.Parallel()
			m := metrics.New(metrics.WithBackendName(metrics.NameByAttribute(podKey{})), metrics.WithRetention(0))
			cc := balancertest.NewClientConn(t)
			p := cc.Build(m.Instrument(policy))
			for i, u := range updates {
				if err := p.Update(u.endpoints...); err != nil {
					t.Fatalf("update %d: %v", i, err)
				}
				if diff := cmp.Diff(u.want, scrape(t, m).backends()); diff != "" {
					t.Errorf("backends after update %d (-want +got):\n%s", i, diff)
				}
			}
			p.Close()
		})
	}
}

func TestNamesStayIfTheResolverReusesItsMemory(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithBackendName(metrics.NameByAttribute(podKey{})))
	s, _, p := metered(t, m)
	endpoints := balancertest.Endpoints("a:1", "b:1")
	endpoints[0].Attributes, endpoints[1].Attributes = pod("pod-a"), pod("pod-b")
	if err := p.Update(endpoints...); err != nil {
		t.Fatalf("update: %v", err)
	}
	endpoints[0].Attributes = pod("pod-c")
	endpoints[1].Addresses[0].Addr = "c:1"
	s.connect(t, "a:1")
	s.connect(t, "b:1")
	if diff := cmp.Diff([]string{"pod-a", "pod-b"}, scrape(t, m).backends()); diff != "" {
		t.Errorf("backends (-want +got):\n%s", diff)
	}
}

func TestBackendsOfOneNameShareSeries(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithBackendName(metrics.NameNone), metrics.WithRetention(0))
	s, cc, _ := metered(t, m)
	first, second := s.connect(t, "a:1"), s.connect(t, "b:1")
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	for _, sc := range []balancer.SubConn{first, second, second} {
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		if _, err := cc.RPC(nil); err != nil {
			t.Fatalf("RPC: %v", err)
		}
	}
	first.Shutdown()
	got := scrape(t, m)
	got.checkLaws(t)
	if got.sum("picks_total") != 3 || got.sum("ready_subchannels") != 1 || len(got.backends()) != 1 {
		t.Errorf("picks %v, READY %v, backends %q, want 3, 1 and one", got.sum("picks_total"), got.sum("ready_subchannels"), got.backends())
	}
	second.Shutdown()
	if got := scrape(t, m).backends(); len(got) != 0 {
		t.Errorf("backends after the last SubConn: %q, want none", got)
	}
}

func TestBackendsAboveTheLimitAreCountedTogether(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithMaxBackends(2), metrics.WithRetention(0))
	s, cc, _ := metered(t, m)
	conns := make(map[string]balancer.SubConn)
	connect := func(addr string) {
		t.Helper()
		conns[addr] = s.connect(t, addr)
		live := cc.Live()
		live[len(live)-1].Ready()
		s.publish(balancer.PickResult{SubConn: conns[addr]}, nil)
		if _, err := cc.RPC(nil); err != nil {
			t.Fatalf("RPC: %v", err)
		}
	}
	check := func(folded float64, picks map[string]float64) {
		t.Helper()
		got := scrape(t, m)
		got.checkLaws(t)
		have := make(map[string]float64)
		for _, p := range got {
			if p.name == "picks_total" {
				have[p.backend] = p.value
			}
		}
		if diff := cmp.Diff(picks, have); diff != "" {
			t.Errorf("picks (-want +got):\n%s", diff)
		}
		if n := got.sum("folded_subchannels_total"); n != folded {
			t.Errorf("folded = %v, want %v", n, folded)
		}
	}
	for i := range 5 {
		connect(fmt.Sprint(i, ":1"))
	}
	check(3, map[string]float64{"0:1": 1, "1:1": 1, "other": 3})

	// A second SubConn to a backend that has series does not count towards the limit.
	connect("1:1")
	check(3, map[string]float64{"0:1": 1, "1:1": 2, "other": 3})

	// A backend that goes makes room; subchannels already folded stay folded.
	conns["0:1"].Shutdown()
	check(3, map[string]float64{"1:1": 2, "other": 3})
	connect("5:1")
	connect("6:1")
	check(4, map[string]float64{"1:1": 2, "5:1": 1, "other": 4})

}

func TestTheLimitIsPerTargetAndCanBeLifted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		opts     []metrics.Option
		backends int
		want     int // records of backends
	}{
		{"default", nil, 10_050, 10_001}, // the limit and "other"
		{"lifted", []metrics.Option{metrics.WithMaxBackends(0)}, 10_050, 10_050},
		{"negative", []metrics.Option{metrics.WithMaxBackends(-1)}, 10_050, 10_050},
		{"small", []metrics.Option{metrics.WithMaxBackends(3)}, 10, 4},
		{"not reached", []metrics.Option{metrics.WithMaxBackends(3)}, 3, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if raceEnabled && tt.backends > 1000 {
				t.Skip("ten thousand backends take seconds with the race detector, which finds nothing in one goroutine")
			}
			m := metrics.New(tt.opts...)
			for _, name := range []string{"p", "q"} {
				s := &stub{name: name}
				m.Instrument(s).Build(&looseConn{}, balancer.BuildOptions{})
				for i := range tt.backends {
					s.connect(t, fmt.Sprint(i, ":1"))
				}
			}
			got := scrape(t, m)
			backends := len(got.of(func(p point) bool { return p.name == "picks_total" }))
			targets := len(got.of(func(p point) bool { return p.name == "policy_instances" }))
			if backends != 2*tt.want || targets != 2 {
				t.Errorf("%d backends and %d targets have series, want %d for each of 2", backends, targets, tt.want)
			}
		})
	}
}
