package metrics_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestInstrumentKeepsOrChangesTheName(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	b := m.Instrument(&stub{name: "my_policy"})
	if got := b.Name(); got != "my_policy" {
		t.Errorf("name is %q, want my_policy", got)
	}
	again := m.InstrumentAs("another", b)
	if got := again.Name(); got != "another" {
		t.Errorf("name is %q, want another", got)
	}
	s, cc := &stub{name: "my_policy"}, balancertest.NewClientConn(t)
	cc.Build(m.InstrumentAs("another", m.Instrument(s)))
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	cc.SubConn("a:1").Ready()
	if _, err := cc.RPC(nil); err != nil {
		t.Errorf("RPC: %v", err)
	}
	got := scrape(t, m)
	if n := got.ofPolicy("another").sum("picks_total"); n != 1 || got.sum("picks_total") != 1 {
		t.Errorf("picks under the new name = %v of %v, want 1 of 1", n, got.sum("picks_total"))
	}
}

func TestInstrumentPanicsWithoutABuilder(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	for name, instrument := range map[string]func(balancer.Builder) balancer.Builder{
		"Instrument":   m.Instrument,
		"InstrumentAs": func(b balancer.Builder) balancer.Builder { return m.InstrumentAs("p", b) },
	} {
		func() {
			defer func() {
				if reason, _ := recover().(string); !strings.Contains(reason, "import the package") {
					t.Errorf("%s panics with %q, want what is missing", name, reason)
				}
			}()
			instrument(balancer.Get("no such policy"))
		}()
	}
}

func TestInstrumentTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	for _, b := range []balancer.Builder{
		m.Instrument(&stub{}), m.Instrument(&parsingStub{}), metrics.New().Instrument(m.Instrument(&stub{})),
	} {
		if again := m.Instrument(b); again != b {
			t.Errorf("%T: instrumented again it is %v, want the same builder", b, again)
		}
	}
}

func TestPolicyThatRefusesToBeBuilt(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithRetention(0))
	if p := m.Instrument(&stub{refuse: true}).Build(balancertest.NewClientConn(t), balancer.BuildOptions{}); p != nil {
		t.Errorf("Build gave %v, want nil", p)
	}
	if got := scrape(t, m); len(got) != 0 {
		t.Errorf("series: %v, want none", got)
	}
}

func TestResolverUpdatesAreCountedAndForwarded(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, _, p := metered(t, m)
	if err := p.Update(balancertest.Endpoint("a:1")); err != nil {
		t.Errorf("Update: %v", err)
	}
	s.updateErr = balancer.ErrBadResolverState
	for range 2 {
		if err := p.Update(); err != balancer.ErrBadResolverState {
			t.Errorf("Update: %v, want the policy's error itself", err)
		}
	}
	failure := errors.New("no such host")
	for range 3 {
		p.ResolverError(failure)
	}
	if s.resolver != failure {
		t.Errorf("the policy got the resolver error %v, want %v", s.resolver, failure)
	}
	want := map[string]float64{"policy_instances": 1, "resolver_updates_total ok": 1, "resolver_updates_total rejected": 2, "resolver_updates_total error": 3}
	if diff := cmp.Diff(want, scrape(t, m).nonzero()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.ExitIdle()
	if s.exitIdle != 1 {
		t.Errorf("ExitIdle reached the policy %d times, want 1", s.exitIdle)
	}
}

// The fake channel embeds a nil ClientConn, so calling its deprecated method Target
// would panic.
func TestTargetComesFromBuildOptions(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s := &stub{name: "p"}
	target := resolver.Target{URL: url.URL{Scheme: "dns", Path: "/example.com:443"}}
	m.Instrument(s).Build(&looseConn{}, balancer.BuildOptions{Target: target, Authority: "x"})
	if s.opts.Authority != "x" {
		t.Errorf("the policy got options %+v, want those of Build", s.opts)
	}
	if got := scrape(t, m).ofTarget("dns:///example.com:443").ofPolicy("p").sum("policy_instances"); got != 1 {
		t.Errorf("channels of the target = %v, want 1", got)
	}
}

// Two names that become equal when made valid must share their series. If two
// series had the same labels, the registry would refuse the whole scrape.
func TestLabelsAreValidUTF8(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	for _, name := range []string{"p\xff", "p\xfe"} {
		s := &stub{name: name}
		m.Instrument(s).Build(&looseConn{}, balancer.BuildOptions{Target: resolver.Target{URL: url.URL{Scheme: "x", Path: "/\xff"}}})
		s.connect(t, "a\xff:1")
		s.connect(t, "a\xfe:1")
		if _, err := s.cc.NewSubConn(nil, balancer.NewSubConnOptions{}); err != nil {
			t.Errorf("NewSubConn without an address: %v", err)
		}
	}
	got := scrape(t, m).ofTarget("x:///\uFFFD").ofPolicy("p\uFFFD")
	if diff := cmp.Diff([]string{"", "a\uFFFD:1"}, got.backends()); diff != "" {
		t.Errorf("backends (-want +got):\n%s", diff)
	}
	if n := got.sum("policy_instances"); n != 2 {
		t.Errorf("channels = %v, want 2", n)
	}
}
