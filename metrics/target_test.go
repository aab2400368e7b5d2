package metrics_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// instances returns the policy instances by target.
func instances(t *testing.T, m *metrics.Metrics) map[string]float64 {
	t.Helper()
	got := make(map[string]float64)
	for _, p := range scrape(t, m) {
		if p.name == "policy_instances" {
			got[p.target] += p.value
		}
	}
	return got
}

// Some resolvers put into the target what differs from run to run.
func TestTargetsAreNamed(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithTargetName(func(target string) string {
		if strings.HasPrefix(target, "etcd-endpoints://") {
			return "etcd\xff"
		}
		return target
	}))
	cc := balancertest.NewClientConn(t)
	for _, target := range []string{"etcd-endpoints://0xc000123456/a:1", "etcd-endpoints://0xc000654321/b:1", "dns:///a:1"} {
		t.Cleanup(cc.BuildWithTarget(m.Instrument(&stub{}), target).Close)
	}
	if diff := cmp.Diff(map[string]float64{"etcd\uFFFD": 2, "dns:///a:1": 1}, instances(t, m)); diff != "" {
		t.Errorf("instances by target (-want +got):\n%s", diff)
	}
}

func TestTargetsAboveTheLimitShareSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithMaxTargets(2))
		cc := balancertest.NewClientConn(t)
		open := func(target string) func() { return cc.BuildWithTarget(m.Instrument(&stub{}), target).Close }
		check := func(folded float64, want map[string]float64) {
			t.Helper()
			got := scrape(t, m)
			if diff := cmp.Diff(want, instances(t, m)); diff != "" {
				t.Errorf("instances by target (-want +got):\n%s", diff)
			}
			if n := got.sum("folded_policy_instances_total"); n != folded {
				t.Errorf("folded = %v, want %v", n, folded)
			}
		}
		closeA, closeB := open("dns:///a"), open("dns:///b")
		check(0, map[string]float64{"dns:///a": 1, "dns:///b": 1})
		closeC, closeD, closeA2 := open("dns:///c"), open("dns:///d"), open("dns:///a")
		check(2, map[string]float64{"dns:///a": 2, "dns:///b": 1, "other": 2})

		// Room is made by a target whose retention has passed. What was folded stays so.
		closeB()
		time.Sleep(5 * time.Minute)
		closeE := open("dns:///e")
		check(2, map[string]float64{"dns:///a": 2, "dns:///e": 1, "other": 2})
		for _, c := range []func(){closeA, closeA2, closeC, closeD, closeE} {
			c()
		}
		time.Sleep(5 * time.Minute)
		check(0, map[string]float64{})
	})
}

// A target counts once for each policy.
func TestEachPolicyFoldsTargetsOfItsOwn(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithMaxTargets(1))
	cc := balancertest.NewClientConn(t)
	for _, policy := range []string{"p", "q"} {
		for _, target := range []string{"dns:///a", "dns:///b", "other"} {
			t.Cleanup(cc.BuildWithTarget(m.InstrumentAs(policy, &stub{}), target).Close)
		}
	}
	got := make(map[string]float64)
	for _, p := range scrape(t, m) {
		if p.name == "policy_instances" {
			got[p.policy+" "+p.target] = p.value
		}
	}
	if want := map[string]float64{"p dns:///a": 1, "p other": 2, "q other": 3}; !maps.Equal(got, want) {
		t.Errorf("instances %v, want %v", got, want)
	}
	if names := slices.Sorted(maps.Keys(instances(t, m))); !slices.Equal(names, []string{"dns:///a", "other"}) {
		t.Errorf("targets %q", names)
	}
}
