package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	c := m.options.Load().catalog
	c.backend.describe(ch)
	c.target.describe(ch)
}

// Collect implements [prometheus.Collector]. It drops the records whose
// retention has passed.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	var ofTarget, ofBackend samples
	var reading backendReading
	for _, s := range m.snapshot() {
		ofTarget.reset(s.targetRecord.labels(), s.targetRecord.created)
		s.targetRecord.options.catalog.target.read(&targetReading{s.targetRecord, len(s.instances)}, &ofTarget)
		ofTarget.send(ch)
		for _, b := range s.backends {
			reading = backendReading{b, b.traffic()}
			ofBackend.reset(b.labels(), b.created)
			s.targetRecord.options.catalog.backend.read(&reading, &ofBackend)
			ofBackend.send(ch)
		}
	}
}

// snapshot returns all records, to be read without a lock.
func (m *Metrics) snapshot() []series {
	m.waits.prune(time.Now())
	return m.records.all()
}
