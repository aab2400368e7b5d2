package series

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// sample is one series in a scrape of a registry.
type sample struct {
	family *family
	labels []*dto.LabelPair
	source Source
}

// Desc implements [prometheus.Metric].
func (s *sample) Desc() *prometheus.Desc { return s.family.desc }

// Write implements [prometheus.Metric].
func (s *sample) Write(m *dto.Metric) error { return write(m, s.labels, s.source) }

func write(m *dto.Metric, labels []*dto.LabelPair, source Source) error {
	err := source.Write(m)
	m.Label = labels
	return err
}

// Source has the value of a series. A [prometheus.Histogram] is one.
type Source interface {
	// Write fills in the value. The labels that it leaves do not count.
	Write(*dto.Metric) error
}

// counter is the value of a counter. All counters of a record with the value share it.
type counter struct {
	counter dto.Counter
	value   float64
}

// Write implements [Source].
func (c *counter) Write(m *dto.Metric) error {
	m.Counter = &c.counter
	return nil
}

// gauge is the value of a gauge. Gauges of many records share the usual ones.
type gauge struct {
	gauge dto.Gauge
	value float64
}

// Write implements [Source].
func (g *gauge) Write(m *dto.Metric) error {
	m.Gauge = &g.gauge
	return nil
}

// sortByLabels sorts series whose records are in order, but whose extra label, the
// at-th, is not. So it sorts those together that agree in the labels before it.
func sortByLabels[T any](all []T, at int, labels func(T) []*dto.LabelPair) {
	for len(all) > 0 {
		first, n := labels(all[0])[:at], 1
		for n < len(all) && compareLabels(first, labels(all[n])[:at]) == 0 {
			n++
		}
		slices.SortFunc(all[:n], func(a, b T) int { return compareLabels(labels(a), labels(b)) })
		all = all[n:]
	}
}

// compareLabels compares the values of the same labels.
func compareLabels(a, b []*dto.LabelPair) int {
	for i := range a {
		if a[i] == b[i] {
			continue // usual within a record
		}
		if c := strings.Compare(a[i].GetValue(), b[i].GetValue()); c != 0 {
			return c
		}
	}
	return 0
}
