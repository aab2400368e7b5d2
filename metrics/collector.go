package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	backendMetrics.describe(ch)
	targetMetrics.describe(ch)
	m.instruments.Describe(ch)
}

// Collect implements [prometheus.Collector]. It drops the records whose
// retention has passed.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	var ofTarget, ofBackend samples
	var reading backendReading
	for _, s := range m.snapshot() {
		ofTarget.begin(s.target.labels(), s.target.created)
		targetMetrics.read(&targetReading{s.target, len(s.channels)}, &ofTarget)
		ofTarget.send(ch)
		for _, b := range s.backends {
			reading = backendReading{b, b.traffic()}
			ofBackend.begin(b.labels(), b.created)
			backendMetrics.read(&reading, &ofBackend)
			ofBackend.send(ch)
		}
	}
	m.instruments.Collect(ch)
}

// series is what one target has to show.
type series struct {
	target   *target
	channels []*channel
	backends []*backend
}

// snapshot returns the records, so that they can be read without holding up
// those who need mu.
func (m *Metrics) snapshot() []series {
	m.waits.prune(time.Now())
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for t := range m.targets.values() {
		t.lookLocked(now)
	}
	m.sweepLocked(now)
	all := make([]series, 0, m.targets.len())
	for t := range m.targets.values() {
		all = append(all, t.seriesLocked())
	}
	return all
}
