package record

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

// rpcDurations are how long the RPC attempts on a backend took. Go allocates 2,048 bytes
// for it; the next size is 2,304.
type rpcDurations struct {
	latency.Histogram
	created series.Created
}

// Write implements [series.Histogram].
func (d *rpcDurations) Write(m *dto.Metric) error {
	m.Histogram = &dto.Histogram{CreatedTimestamp: d.created.Timestamp()}
	d.Histogram.Write(m.Histogram)
	return nil
}

// ObserveRPC counts how long an RPC attempt on the backend took. The labels are those of
// its exemplar, if any. If Prometheus refuses them, the attempt counts without an
// exemplar, and ObserveRPC returns an error.
func (b *Backend) ObserveRPC(took time.Duration, exemplar prometheus.Labels) error {
	d := b.durations.Load()
	if d == nil {
		d = b.newDurations()
	}
	if len(exemplar) > 0 {
		return d.ObserveWith(exemplar, took)
	}
	d.Observe(took)
	return nil
}

// newDurations makes the backend's, or returns those that another RPC has just made.
func (b *Backend) newDurations() *rpcDurations {
	b.durations.CompareAndSwap(nil, &rpcDurations{created: series.CreatedNow()})
	return b.durations.Load()
}

// readDurations reads the durations into c, and returns it, or nil if none was measured.
func (b *Backend) readDurations(c *latency.Counts) *latency.Counts {
	d := b.durations.Load()
	if d == nil {
		return nil
	}
	d.Read(c)
	return c
}

// histogram returns the one that readDurations reads, or nil if no RPC was measured.
func (b *Backend) histogram() *latency.Histogram {
	if d := b.durations.Load(); d != nil {
		return &d.Histogram
	}
	return nil
}
