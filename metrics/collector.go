package metrics

import "github.com/prometheus/client_golang/prometheus"

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	o := m.options.Load()
	o.records.Catalog.Describe(ch)
	o.instruments.Describe(ch)
}

// Collect implements [prometheus.Collector]. It drops the records whose
// retention has passed.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.waits.Prune()
	m.records.Collect(ch)
	m.options.Load().instruments.Collect(ch)
}
