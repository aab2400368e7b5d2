// Package policy registers round_robin2 with metrics of its own: latency is on, and
// exemplars tie it to traces. A program that needs neither imports balancer, and has
// the metrics of metrics.Default.
package policy

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// Register registers the policy, and returns a registry that has its metrics and
// nothing else. Like balancer.Register it must be called during initialization.
func Register(opts ...metrics.Option) *prometheus.Registry {
	m := metrics.New(append(opts, metrics.WithLatency(), metrics.WithExemplars(traceID))...)
	balancer.Register(m.Instrument(roundrobin2.NewBuilder()))
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	return registry
}

// traceID returns the id of the trace that an RPC belongs to, if any.
func traceID(ctx context.Context) prometheus.Labels {
	span := trace.SpanContextFromContext(ctx)
	if !span.HasTraceID() {
		return nil
	}
	return prometheus.Labels{"trace_id": span.TraceID().String()}
}
