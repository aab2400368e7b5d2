package comparison_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// wantCounted checks that what is said to meter the channel has counted each
// of its RPCs, and that nothing has if nothing is said to.
func (c *channel) wantCounted(tb testing.TB) {
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

// countsOf sums the counters and the histograms' counts of each family, over
// the series of the target and those that have no such label.
func countsOf(tb testing.TB, registry *prometheus.Registry, target string) map[string]uint64 {
	tb.Helper()
	families, err := registry.Gather()
	if err != nil {
		tb.Fatalf("gather: %v", err)
	}
	counts := map[string]uint64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if isOf(m, target) {
				counts[family.GetName()] += uint64(m.GetCounter().GetValue()) + m.GetHistogram().GetSampleCount()
			}
		}
	}
	return counts
}

func isOf(m *dto.Metric, target string) bool {
	for _, label := range m.GetLabel() {
		if label.GetName() == "grpc_target" {
			return label.GetValue() == target
		}
	}
	return true
}
