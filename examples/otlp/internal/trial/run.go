package trial

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
)

// Run sends the RPCs to a target of that name, exports, and writes what has arrived and
// what has not. It returns an error if what has arrived is not what the registry has.
func Run(ctx context.Context, registry prometheus.Gatherer, name string, out io.Writer, rpcs int) (err error) {
	if rpcs < 1 {
		return fmt.Errorf("send %d RPCs: want 1 or more", rpcs)
	}
	fmt.Fprintf(out, "%d RPCs to %d backends with round_robin2, latency measured; then one export over OTLP.\n", rpcs, numBackends)
	tr, err := Open(ctx, registry, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tr.Close(ctx)) }()
	if err := tr.SendTraced(ctx, rpcs); err != nil {
		return err
	}
	e, err := tr.ExportQuiet(ctx)
	if err != nil {
		return err
	}
	e.write(out)
	if lines := points.Diff(e.Registry, e.Arrived); len(lines) > 0 {
		return fmt.Errorf("compare what has arrived with the registry: %d series differ; the first: %s", len(lines), lines[0])
	}
	return nil
}

// SendTraced sends RPCs, each as part of a trace of its own. It stops at the first
// that fails.
func (tr *Trial) SendTraced(ctx context.Context, rpcs int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	load.Start(ctx, load.Config{Workers: 4, Calls: rpcs}, func(n int) {
		if err := tr.Send(trace.ContextWithSpanContext(ctx, span(n))); err != nil {
			cancel(fmt.Errorf("send RPC %d of %d: %w", n+1, rpcs, err))
		}
	}).Wait()
	return context.Cause(ctx)
}

// span returns the first span of the n-th trace. A program that traces has a real one.
func span(n int) trace.SpanContext {
	var traceID trace.TraceID
	var spanID trace.SpanID
	binary.BigEndian.PutUint64(traceID[8:], uint64(n)+1)
	binary.BigEndian.PutUint64(spanID[:], uint64(n)+1)
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled})
}
