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

// Registry has the metrics of the policy and nothing else.
var Registry = prometheus.NewRegistry()

// This replaces the policy that the import of roundrobin2 registered.
func init() {
	m := metrics.New(metrics.WithLatency(), metrics.WithExemplars(traceID))
	Registry.MustRegister(m)
	balancer.Register(m.Instrument(roundrobin2.NewBuilder()))
}

// traceID returns the id of the trace that an RPC belongs to, if any.
func traceID(ctx context.Context) prometheus.Labels {
	span := trace.SpanContextFromContext(ctx)
	if !span.HasTraceID() {
		return nil
	}
	return prometheus.Labels{"trace_id": span.TraceID().String()}
}
