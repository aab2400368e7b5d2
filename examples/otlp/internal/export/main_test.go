package export_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/export"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/receiver"
)

// handled has the errors that OpenTelemetry could not return to a caller.
var handled errorLog

type errorLog struct {
	mu     sync.Mutex
	errors []error
}

// Handle implements otel.ErrorHandler.
func (l *errorLog) Handle(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errors = append(l.errors, err)
}

func (l *errorLog) contains(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.errors, func(err error) bool { return strings.Contains(err.Error(), text) })
}

func TestMain(m *testing.M) {
	otel.SetErrorHandler(&handled)
	goleak.VerifyTestMain(m)
}

// pipeline exports a registry to a receiver.
type pipeline struct {
	registry *prometheus.Registry
	receiver *receiver.Receiver
	provider *sdkmetric.MeterProvider
}

func start(t *testing.T, opts ...grpc.ServerOption) *pipeline {
	t.Helper()
	p := &pipeline{registry: prometheus.NewRegistry()}
	var err error
	if p.receiver, err = receiver.Start(opts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.receiver.Stop(); err != nil {
			t.Error(err)
		}
	})
	p.provider, err = export.Start(t.Context(), p.registry, resource.Empty(),
		otlpmetricgrpc.WithEndpoint(p.receiver.Addr), otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithTimeout(exampletest.Patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// flush exports, however slow the machine is.
func (p *pipeline) flush(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), exampletest.Patience)
	defer cancel()
	return p.provider.ForceFlush(ctx)
}

// export exports and returns what has arrived.
func (p *pipeline) export(t *testing.T) points.Points {
	t.Helper()
	if err := p.flush(t); err != nil {
		t.Fatal(err)
	}
	return points.OfOTLP(p.receiver.Take())
}
