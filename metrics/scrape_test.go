package metrics_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// point is one sample of a scrape. extra is the value of the label that is not
// target, policy or backend.
type point struct {
	name, target, policy, backend, extra string
	value                                float64
}

// points are all samples of a scrape.
type points []point

// scrape gathers m through a pedantic registry.
func scrape(tb testing.TB, m *metrics.Metrics) points {
	tb.Helper()
	return pointsOf(gatherFamilies(tb, m))
}

func pointsOf(families []*dto.MetricFamily) (ps points) {
	for _, family := range families {
		for _, metric := range family.Metric {
			ps = append(ps, newPoint(family.GetName(), metric))
		}
	}
	return ps
}

// histograms returns the histograms of the name, without its grpc_lb_, by backend or
// by the extra label.
func histograms(tb testing.TB, m *metrics.Metrics, name string) map[string]*dto.Histogram {
	tb.Helper()
	byLabel := make(map[string]*dto.Histogram)
	for _, family := range gatherFamilies(tb, m) {
		for _, metric := range family.Metric {
			if family.GetName() == "grpc_lb_"+name {
				p := newPoint(name, metric)
				byLabel[p.backend+p.extra] = metric.Histogram
			}
		}
	}
	return byLabel
}

func gatherFamilies(tb testing.TB, m *metrics.Metrics) []*dto.MetricFamily {
	tb.Helper()
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(m); err != nil {
		tb.Errorf("register: %v", err)
	}
	families, err := r.Gather()
	if err != nil {
		tb.Errorf("gather: %v", err)
	}
	return families
}

func newPoint(name string, m *dto.Metric) point {
	p := point{name: strings.TrimPrefix(name, "grpc_lb_")}
	for _, l := range m.Label {
		switch l.GetName() {
		case "grpc_target":
			p.target = l.GetValue()
		case "grpc_lb_policy":
			p.policy = l.GetValue()
		case "grpc_lb_backend":
			p.backend = l.GetValue()
		default:
			p.extra = l.GetValue()
		}
	}
	switch {
	case m.Counter != nil:
		p.value = m.Counter.GetValue()
	case m.Gauge != nil:
		p.value = m.Gauge.GetValue()
	case m.Histogram != nil:
		p.name += "_count"
		p.value = float64(m.Histogram.GetSampleCount())
	}
	return p
}

// of returns the points for which keep returns true.
func (ps points) of(keep func(point) bool) points {
	return slices.DeleteFunc(slices.Clone(ps), func(p point) bool { return !keep(p) })
}

func (ps points) ofTarget(target string) points {
	return ps.of(func(p point) bool { return p.target == target })
}

func (ps points) ofPolicy(policy string) points {
	return ps.of(func(p point) bool { return p.policy == policy })
}

// nonzero returns the values that are not 0, by "name", "name backend", "name extra"
// or "name backend extra". It leaves out the RPC attempts that failed: they follow
// from those by code, see checkLaws.
func (ps points) nonzero() map[string]float64 {
	values := make(map[string]float64)
	for _, p := range ps {
		if p.value != 0 && p.name != "rpc_attempts_failed_total" {
			values[strings.Join(strings.Fields(p.name+" "+p.backend+" "+p.extra), " ")] += p.value
		}
	}
	return values
}

// sum returns the sum of the points with the name.
func (ps points) sum(name string) (sum float64) {
	for _, p := range ps {
		if p.name == name {
			sum += p.value
		}
	}
	return sum
}

// backends returns the backends that have series, sorted.
func (ps points) backends() []string {
	set := make(map[string]bool)
	for _, p := range ps {
		if p.name == "picks_total" {
			set[p.backend] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// checkLaws reports each backend whose picks, failures or READY subchannels do not
// add up, and each negative gauge.
func (ps points) checkLaws(tb testing.TB) {
	tb.Helper()
	type key struct{ target, policy, backend string }
	rest, failed, ready := make(map[key]float64), make(map[key]float64), make(map[key]float64)
	for _, p := range ps {
		k := key{p.target, p.policy, p.backend}
		switch p.name {
		case "picks_total":
			rest[k] += p.value
		case "repicks_total", "rpc_attempts_total", "rpc_attempts_in_flight":
			rest[k] -= p.value
		case "ready_subchannels":
			ready[k] += p.value
		case "usable_subchannels", "unusable_subchannels":
			ready[k] -= p.value
		}
		switch {
		case p.name == "rpc_attempts_failed_total":
			failed[k] += p.value
		case p.name == "rpc_attempts_total" && p.extra != "OK":
			failed[k] -= p.value
		}
		if p.value < 0 {
			tb.Errorf("%s of %v %s = %v, want 0 or more", p.name, k, p.extra, p.value)
		}
	}
	for k, v := range rest {
		if v != 0 {
			tb.Errorf("%v: picks - repicks - RPCs - in flight = %v, want 0", k, v)
		}
	}
	for k, v := range failed {
		if v != 0 {
			tb.Errorf("%v: failed RPCs - RPCs with another code than OK = %v, want 0", k, v)
		}
	}
	for k, v := range ready {
		if v != 0 {
			tb.Errorf("%v: READY - usable - unusable subchannels = %v, want 0", k, v)
		}
	}
}

func (p point) String() string {
	return fmt.Sprintf("%s{%s,%s,%s,%s} %v", p.name, p.target, p.policy, p.backend, p.extra, p.value)
}
