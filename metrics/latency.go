package metrics

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// observe records the duration of an RPC attempt on the backend that ends now.
func (inst *instance) observe(ctx context.Context, b *record.Backend, start clock.Instant) {
	took := inst.metrics.clock.Now().Sub(start)
	var exemplar prometheus.Labels
	if labels := inst.options.exemplar; labels != nil && ctx != nil {
		exemplar = labels(ctx)
	}
	if err := b.ObserveRPC(took, exemplar); err != nil {
		inst.metrics.badExemplar.Do(func() {
			logger.Warningf("metrics: attach exemplar: %v; fix the function given to WithExemplars", err)
		})
	}
}

// attempt is what Done needs to know about one pick if the policy has a Done of
// its own or latency is measured. gRPC calls Done once, which returns the attempt
// to the pool.
type attempt struct {
	backendRecord *record.Backend
	policyDone    func(balancer.DoneInfo) // the policy's Done, or nil
	instance      *instance               // nil if latency is not measured; ctx and start are then zero
	ctx           context.Context         //nolint:containedctx // the context of the RPC
	start         clock.Instant
	done          func(balancer.DoneInfo) // attempt.onDone, bound once
}

var attempts sync.Pool

// newAttempt returns an attempt on the backend. Its done is the Done for gRPC.
func newAttempt(b *record.Backend, policyDone func(balancer.DoneInfo)) *attempt {
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
	a.instance, a.ctx, a.start = inst, ctx, inst.metrics.clock.Now()
}

func (a *attempt) onDone(info balancer.DoneInfo) {
	b, policyDone, inst, ctx, start := a.backendRecord, a.policyDone, a.instance, a.ctx, a.start
	if b == nil {
		return // called twice; do not crash the program for it
	}
	*a = attempt{done: a.done}
	attempts.Put(a)
	attempted := b.CountEnd(info)
	switch {
	case inst == nil:
	case attempted:
		inst.observe(ctx, b, start)
	case info.Err == nil:
		// gRPC waits for the next picker. After an error it asks this one again.
		inst.waits.Refused(ctx, waits.Refusal{Instance: inst.waiting, Picker: inst.waiting.LastPicker(), Reason: waits.StateMismatch})
	}
	if policyDone != nil {
		policyDone(info)
	}
}
