package series

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// common is what the samples of all types have. Unlike Prometheus's constant metrics,
// they share their label pairs with the other samples of their record.
type common struct {
	family *family
	labels []*dto.LabelPair
}

// Desc implements [prometheus.Metric].
func (c *common) Desc() *prometheus.Desc { return c.family.desc }

func (c *common) pairs() []*dto.LabelPair { return c.labels }

// counter is a sample of a counter.
type counter struct {
	common
	counter dto.Counter
	value   float64
}

// Write implements [prometheus.Metric].
func (c *counter) Write(m *dto.Metric) error {
	m.Label, m.Counter = c.labels, &c.counter
	return nil
}

// gauge is a sample of a gauge.
type gauge struct {
	common
	gauge dto.Gauge
	value float64
}

// Write implements [prometheus.Metric].
func (g *gauge) Write(m *dto.Metric) error {
	m.Label, m.Gauge = g.labels, &g.gauge
	return nil
}

// histogram is a sample of a histogram. It is read when it is written.
type histogram struct {
	common
	source Histogram
}

// Write implements [prometheus.Metric].
func (h *histogram) Write(m *dto.Metric) error {
	err := h.source.Write(m)
	m.Label = h.labels
	return err
}
