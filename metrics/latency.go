package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// observe records the duration of an RPC attempt on the backend that ends now.
func (inst *instance) observe(ctx context.Context, b *backendRecord, start time.Time) {
	durations := b.rpcDurations.Load()
	if durations == nil {
		durations = b.newRPCDurations()
	}
	took := time.Since(start)
	durations.recent.Observe(took)
	if exemplar := inst.options.exemplar; exemplar != nil && ctx != nil {
		if labels := exemplar(ctx); len(labels) > 0 {
			inst.metrics.observeWithExemplar(durations.histogram, took.Seconds(), labels)
			return
		}
	}
	durations.histogram.Observe(took.Seconds())
}

// rpcDurations are the durations of the RPC attempts on a backend: for Prometheus,
// and for the windows of the live page.
type rpcDurations struct {
	histogram *histogram
	recent    *window.Recorder
}

// newRPCDurations makes the backend's, or returns those that another RPC has just
// made.
func (b *backendRecord) newRPCDurations() *rpcDurations {
	b.rpcDurations.CompareAndSwap(nil, &rpcDurations{
		histogram: b.targetRecord.options.catalog.rpcDurations.newHistogram(b.labels()),
		recent:    new(window.Recorder),
	})
	return b.rpcDurations.Load()
}

// recorder returns the recorder of durations, or nil if none was measured.
func (b *backendRecord) recorder() *window.Recorder {
	if durations := b.rpcDurations.Load(); durations != nil {
		return durations.recent
	}
	return nil
}

// observeWithExemplar protects RPCs from invalid exemplar labels: Prometheus
// counts the observation and then panics.
func (m *Metrics) observeWithExemplar(h *histogram, seconds float64, labels prometheus.Labels) {
	defer func() {
		if reason := recover(); reason != nil {
			m.badExemplar.Do(func() {
				logger.Warningf("metrics: attach exemplar: %v; fix the function given to WithExemplars", reason)
			})
		}
	}()
	h.Histogram.(prometheus.ExemplarObserver).ObserveWithExemplar(seconds, labels)
}

// attempt is what Done needs to know about one pick if the policy has a Done of
// its own or latency is measured. gRPC calls Done once, which returns the attempt
// to the pool.
type attempt struct {
	backendRecord *backendRecord
	policyDone    func(balancer.DoneInfo) // the policy's Done, or nil
	instance      *instance               // nil if latency is not measured; ctx and start are then zero
	ctx           context.Context         //nolint:containedctx // the context of the RPC
	start         time.Time
	done          func(balancer.DoneInfo) // attempt.onDone, bound once
}

var attempts sync.Pool

// newAttempt returns an attempt on the backend. Its done is the Done for gRPC.
func newAttempt(b *backendRecord, policyDone func(balancer.DoneInfo)) *attempt {
	a, ok := attempts.Get().(*attempt)
	if !ok {
		a = new(attempt)
		a.done = a.onDone
	}
	a.backendRecord, a.policyDone = b, policyDone
	return a
}

// measure starts to measure the duration of the attempt.
func (a *attempt) measure(ctx context.Context, inst *instance) {
	a.instance, a.ctx, a.start = inst, ctx, time.Now()
}

func (a *attempt) onDone(info balancer.DoneInfo) {
	b, policyDone, inst, ctx, start := a.backendRecord, a.policyDone, a.instance, a.ctx, a.start
	if b == nil {
		return // called twice; do not crash the program for it
	}
	*a = attempt{done: a.done}
	attempts.Put(a)
	attempted := b.countEnd(info)
	switch {
	case inst == nil:
	case attempted:
		inst.observe(ctx, b, start)
	case info.Err == nil:
		// gRPC waits for the next picker. After an error it asks this one again.
		inst.waits.refused(ctx, refusal{inst, inst.pickers.Load(), stateMismatch})
	}
	if policyDone != nil {
		policyDone(info)
	}
}
