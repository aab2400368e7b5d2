package record

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// backendReading is a backend during one scrape. Its traffic and its subchannels
// are read once, so that the samples are consistent.
type backendReading struct {
	*Backend
	traffic     traffic
	subchannels readySubchannels
}

// targetReading is a target during one scrape.
type targetReading struct {
	*Target
	instances int // number of policy instances
}

// Collect sends the samples of all records, and takes a sample for the live page where
// one is due. It drops the records whose retention has passed.
func (s *Store) Collect(ch chan<- prometheus.Metric) {
	var ofTarget, ofBackend series.Samples
	var reading backendReading
	for _, l := range s.all() {
		t := l.target
		ofTarget.Reset(t.labels(), t.created)
		t.settings.Catalog.target.Read(&targetReading{t, len(l.instances)}, &ofTarget)
		ofTarget.Send(ch)
		sm := t.beginSample()
		for _, b := range l.backends {
			reading = backendReading{b, b.traffic(), b.readySubchannels()}
			sm.add(b, &reading.traffic)
			ofBackend.Reset(b.labels(), b.created)
			t.settings.Catalog.backend.Read(&reading, &ofBackend)
			ofBackend.Send(ch)
		}
		sm.end()
	}
}
