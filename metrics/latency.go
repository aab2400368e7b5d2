package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"
)

// observe counts the duration of an RPC attempt that ended now.
func (b *backend) observe(ctx context.Context, start time.Time) {
	h := b.rpcDuration.Load()
	if h == nil {
		h = b.newRPCDuration()
	}
	seconds := time.Since(start).Seconds()
	if exemplar := b.target.metrics.exemplar; exemplar != nil && ctx != nil {
		if labels := exemplar(ctx); len(labels) > 0 {
			b.target.metrics.observeWithExemplar(h, seconds, labels)
			return
		}
	}
	h.Observe(seconds)
}

// newRPCDuration makes the histogram with the first observation, and so only
// for backends that have RPCs measured.
func (b *backend) newRPCDuration() *histogram {
	b.rpcDuration.CompareAndSwap(nil, rpcDurations.newHistogram(b.labels()))
	return b.rpcDuration.Load()
}

// observeWithExemplar does not let an RPC fail for labels that Prometheus does
// not take, for which it panics when it has counted the observation.
func (m *Metrics) observeWithExemplar(h *histogram, seconds float64, labels prometheus.Labels) {
	defer func() {
		if reason := recover(); reason != nil {
			m.badExemplar.Do(func() {
				logger.Warningf("metrics: attach exemplar: %v; mend the function given to WithExemplars", reason)
			})
		}
	}()
	h.Histogram.(prometheus.ExemplarObserver).ObserveWithExemplar(seconds, labels)
}

// attempt is what a Done needs to know of one pick beyond its SubConn: where the
// policy has a Done of its own, and where latency is measured. It goes back to
// the pool when it is called, which gRPC does once.
type attempt struct {
	backend *backend
	policy  func(balancer.DoneInfo) // the policy's Done, or nil
	channel *channel                // nil if it is not measured, and then the next two are zero
	ctx     context.Context         //nolint:containedctx // of the RPC, to its end
	start   time.Time
	done    func(balancer.DoneInfo) // attempt.end, bound once
}

var attempts sync.Pool

// newAttempt returns the record of a pick of the backend. Its done is the Done
// for gRPC.
func newAttempt(b *backend, policy func(balancer.DoneInfo)) *attempt {
	a, ok := attempts.Get().(*attempt)
	if !ok {
		a = new(attempt)
		a.done = a.end
	}
	a.backend, a.policy = b, policy
	return a
}

// begin measures the attempt.
func (a *attempt) begin(ctx context.Context, c *channel) {
	a.channel, a.ctx, a.start = c, ctx, time.Now()
}

func (a *attempt) end(info balancer.DoneInfo) {
	b, policy, c, ctx, start := a.backend, a.policy, a.channel, a.ctx, a.start
	if b == nil {
		return // called twice; better uncounted than a crash
	}
	*a = attempt{done: a.done}
	attempts.Put(a)
	attempted := b.finish(info)
	switch {
	case c == nil:
	case attempted:
		b.observe(ctx, start)
	case info.Err == nil:
		// gRPC waits for the next picker. After an error it asks this one again.
		c.waits.begin(ctx, refusal{c, c.pickers.Load(), stateMismatch})
	}
	if policy != nil {
		policy(info)
	}
}
