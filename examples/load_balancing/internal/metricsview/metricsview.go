// Package metricsview reads the metrics of the load-balancing policies back
// from Prometheus and shows them: what a dashboard does, in small.
package metricsview

import (
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// View is the grpc_lb_* series of one channel target at one moment.
type View struct {
	series map[string][]sample // by metric name
}

type sample struct{ metric *dto.Metric }

func (s sample) label(name string) string { return label(s.metric, name) }

// value reads counters and gauges; no other type is looked at here.
func (s sample) value() float64 {
	return s.metric.GetCounter().GetValue() + s.metric.GetGauge().GetValue()
}

// Gather reads the series whose grpc_target is target. What can be read is in
// the view even if there is an error.
func Gather(from prometheus.Gatherer, target string) (View, error) {
	families, err := from.Gather()
	if err != nil {
		err = fmt.Errorf("gather metrics: %w", err)
	}
	view := View{series: make(map[string][]sample)}
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "grpc_lb_") {
			continue
		}
		for _, metric := range family.GetMetric() {
			if label(metric, "grpc_target") == target {
				view.series[family.GetName()] = append(view.series[family.GetName()], sample{metric})
			}
		}
	}
	return view, err
}

// Settled reports whether the policy has got where it can get for now: it has
// subchannels, and each of them is either connected or has failed to. Metered
// is false if the policy has no series, because nobody instruments it.
func (v View) Settled(policy string) (settled, metered bool) {
	var done, underway float64
	for _, s := range v.series["grpc_lb_subchannels"] {
		if s.label("grpc_lb_policy") != policy {
			continue
		}
		metered = true
		switch s.label("grpc_connectivity_state") {
		case "READY", "TRANSIENT_FAILURE":
			done += s.value()
		case "IDLE", "CONNECTING":
			underway += s.value()
		}
	}
	return done > 0 && underway == 0, metered
}

// label returns the value of a label of the metric, empty if it has none.
func label(metric *dto.Metric, name string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}
