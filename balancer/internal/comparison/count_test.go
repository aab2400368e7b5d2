package comparison_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// checkCounts checks that the channel's meter has counted each of its RPCs. If the
// channel has no meter, it checks that none was counted.
func (c *channel) checkCounts(tb testing.TB) {
	tb.Helper()
	if c.registry == nil {
		if got := countsOf(tb, ours, c.target); len(got) > 0 {
			tb.Errorf("%s is metered: %v", c.name, got)
		}
		return
	}
	got := countsOf(tb, c.registry, c.target)
	for _, family := range c.families {
		if got[family] != uint64(c.sent) {
			tb.Errorf("%s: %s counts %d of %d RPCs", c.name, family, got[family], c.sent)
		}
	}
}

// countsOf sums the counters, and the counts of histograms, of each family. It
// includes the series of the target and those without a target label.
func countsOf(tb testing.TB, registry *prometheus.Registry, target string) map[string]uint64 {
	tb.Helper()
	families, err := registry.Gather()
	if err != nil {
		tb.Fatalf("gather: %v", err)
	}
	counts := map[string]uint64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if hasTarget(m, target) {
				counts[family.GetName()] += uint64(m.GetCounter().GetValue()) + m.GetHistogram().GetSampleCount()
			}
		}
	}
	return counts
}

// hasTarget reports whether the series is of the target, or has no target label.
func hasTarget(m *dto.Metric, target string) bool {
	for _, label := range m.GetLabel() {
		if label.GetName() == "grpc_target" {
			return label.GetValue() == target
		}
	}
	return true
}
