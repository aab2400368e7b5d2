package scenario

import (
	"fmt"
	"io"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// printSeries prints series of the target as /metrics does.
func printSeries(out io.Writer, from prometheus.Gatherer, target string, names ...string) error {
	families, err := from.Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	for _, family := range families {
		if !slices.Contains(names, family.GetName()) {
			continue
		}
		family.Metric = slices.DeleteFunc(family.Metric, func(m *dto.Metric) bool { return targetOf(m) != target })
		if _, err := expfmt.MetricFamilyToText(out, family); err != nil {
			return fmt.Errorf("print %s: %w", family.GetName(), err)
		}
	}
	return nil
}

func targetOf(m *dto.Metric) string {
	for _, pair := range m.GetLabel() {
		if pair.GetName() == "grpc_target" {
			return pair.GetValue()
		}
	}
	return ""
}
