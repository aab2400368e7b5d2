package record

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// rpcDurations are the durations of the RPC attempts on a backend: for Prometheus,
// and for the windows of the live page.
type rpcDurations struct {
	histogram *series.Histogram
	recent    *window.Recorder
}

// ObserveRPC counts how long an RPC attempt on the backend took. The labels are those of
// its exemplar, if any. If Prometheus refuses them, the attempt counts without an
// exemplar, and ObserveRPC returns an error.
func (b *Backend) ObserveRPC(took time.Duration, exemplar prometheus.Labels) error {
	durations := b.rpcDurations.Load()
	if durations == nil {
		durations = b.newRPCDurations()
	}
	durations.recent.Observe(took)
	if len(exemplar) > 0 {
		return durations.histogram.ObserveWith(exemplar, took.Seconds())
	}
	durations.histogram.Observe(took.Seconds())
	return nil
}

// newRPCDurations makes the backend's, or returns those that another RPC has just
// made.
func (b *Backend) newRPCDurations() *rpcDurations {
	b.rpcDurations.CompareAndSwap(nil, &rpcDurations{
		histogram: b.target.settings.Catalog.rpcDurations.New(b.labels()),
		recent:    new(window.Recorder),
	})
	return b.rpcDurations.Load()
}

// recorder returns the recorder of durations, or nil if none was measured.
func (b *Backend) recorder() *window.Recorder {
	if durations := b.rpcDurations.Load(); durations != nil {
		return durations.recent
	}
	return nil
}
