package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	backendMetrics.describe(ch)
	targetMetrics.describe(ch)
}

// Collect implements [prometheus.Collector]. It drops the records whose
// retention has passed.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	var ofTarget, ofBackend samples
	var reading backendReading
	for _, s := range m.snapshot() {
		ofTarget.reset(s.targetRecord.labels(), s.targetRecord.created)
		targetMetrics.read(&targetReading{s.targetRecord, len(s.instances)}, &ofTarget)
		ofTarget.send(ch)
		for _, b := range s.backends {
			reading = backendReading{b, b.traffic(), b.readySubchannels()}
			ofBackend.reset(b.labels(), b.created.time())
			backendMetrics.read(&reading, &ofBackend)
			ofBackend.send(ch)
		}
	}
}

// snapshot returns all records, to be read without a lock.
func (m *Metrics) snapshot() []series {
	m.waits.prune(time.Now())
	return m.records.all()
}
