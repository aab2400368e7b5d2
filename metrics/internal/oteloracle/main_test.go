package oteloracle_test

import (
	"context"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/stats/opentelemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin returns gRPC's OpenTelemetry plugin with the instruments, exported to the
// registry.
func plugin(tb testing.TB, registry prometheus.Registerer, instruments, optionalLabels []string, opts ...otelprometheus.Option) grpc.DialOption {
	tb.Helper()
	exporter, err := otelprometheus.New(append(opts, otelprometheus.WithRegisterer(registry), otelprometheus.WithoutTargetInfo())...)
	if err != nil {
		tb.Fatalf("make OpenTelemetry exporter: %v", err)
	}
	provider := metric.NewMeterProvider(metric.WithReader(exporter))
	tb.Cleanup(func() {
		if err := provider.Shutdown(context.Background()); err != nil {
			tb.Errorf("shut OpenTelemetry down: %v", err)
		}
	})
	return opentelemetry.DialOption(opentelemetry.Options{MetricsOptions: opentelemetry.MetricsOptions{
		MeterProvider: provider, Metrics: stats.NewMetricSet(instruments...), OptionalLabels: optionalLabels,
	}})
}

// text returns what a scrape of the registry shows of the families that the test
// keeps.
func text(tb testing.TB, registry prometheus.Gatherer, keep func(family string) bool) string {
	tb.Helper()
	families, err := registry.Gather()
	if err != nil {
		tb.Errorf("gather: %v", err)
	}
	var b strings.Builder
	for _, f := range families {
		if !keep(f.GetName()) {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			tb.Fatal(err)
		}
	}
	return b.String()
}

func every(string) bool { return true }
