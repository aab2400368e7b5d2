package export_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/export"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
)

// Counts are cumulative, so the next export makes up for one that was lost.
func TestAnExportThatFailsLosesOnlyItsMoment(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	p := start(t, grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		if down.Load() {
			return nil, status.Error(codes.Internal, "the disk is full") // a code that is not retried
		}
		return next(ctx, request)
	}))
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "picks_total", Help: "Picks."})
	p.registry.MustRegister(c)
	c.Add(1)
	down.Store(true)
	if err := p.flush(t); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("ForceFlush: %v, want the receiver's error", err)
	}
	down.Store(false)
	c.Add(2)
	if got := p.export(t)[points.Series{Family: "picks_total"}].Value; got != 3 {
		t.Errorf("the next export has the count %v, want 3", got)
	}
}

// A scrape marks a series that has ended as stale. Here it only does not come again.
func TestASeriesThatHasEndedIsMissing(t *testing.T) {
	t.Parallel()
	p := start(t)
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ready", Help: "Ready."}, []string{"backend"})
	p.registry.MustRegister(v)
	v.WithLabelValues("a").Set(1)
	v.WithLabelValues("b").Set(1)
	if got := p.export(t); len(got) != 2 {
		t.Errorf("%d series have arrived, want 2", len(got))
	}
	v.DeleteLabelValues("b")
	if got := p.export(t); len(got) != 1 {
		t.Errorf("%d series have arrived, want that of the backend that is left", len(got))
	}
}

// broken is a collector that fails.
type broken struct{ err error }

func (b broken) Describe(chan<- *prometheus.Desc) {}

func (b broken) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "Fails.", nil, nil), b.err)
}

// This is why the policies' metrics should be in a registry of their own.
func TestOneCollectorThatFailsLosesTheWholeRegistry(t *testing.T) {
	t.Parallel()
	p := start(t)
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "ready", Help: "Ready."})
	p.registry.MustRegister(g, broken{errors.New("the neighbour has failed")})
	if got := p.export(t); len(got) != 0 {
		t.Errorf("%v has arrived; the bridge passes on what it can now: say so in README.md", got)
	}
	if !handled.contains("the neighbour has failed") {
		t.Error("OpenTelemetry's error handler has not got the error")
	}
	if families, err := p.registry.Gather(); err == nil || len(families) != 1 {
		t.Errorf("the registry gathers %v with the error %v, want the family and the error", families, err)
	}
}

// Declared in the registry or not, a unit does not arrive.
func TestADeclaredUnitIsLost(t *testing.T) {
	t.Parallel()
	p := start(t)
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wait_seconds", Help: "Waits.", Unit: "seconds", NativeHistogramBucketFactor: 1.1})
	p.registry.MustRegister(h)
	h.Observe(1)
	gathered, err := p.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := points.Series{Family: "wait_seconds"}
	if got := points.OfRegistry(gathered)[series].Unit; got != "seconds" {
		t.Errorf("in the registry the unit is %q, want seconds", got)
	}
	if got := p.export(t)[series]; got.Unit != "" || got.Count != 1 {
		t.Errorf("%+v has arrived, want one observation without a unit; if it has one now, say so in README.md", got)
	}
}

// Like temporality selectors, views are for instruments of the SDK only.
func TestViewsDoNotApply(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "ready", Help: "Ready."}))
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(bridge.NewMetricProducer(bridge.WithGatherer(registry))))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(
		sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}})))
	defer func() { _ = provider.Shutdown(context.Background()) }()
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.ScopeMetrics) != 1 || got.ScopeMetrics[0].Metrics[0].Name != "ready" {
		t.Errorf("collected %+v, want the gauge although a view drops everything", got.ScopeMetrics)
	}
}

// What operators set in the environment overrides what the program says.
func TestTheEnvironmentNamesTheSender(t *testing.T) {
	sender := func() map[string]string {
		t.Helper()
		r, err := export.Sender(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		attributes := make(map[string]string)
		for _, kv := range r.Attributes() {
			attributes[string(kv.Key)] = kv.Value.AsString()
		}
		return attributes
	}
	if got := sender(); got["service.name"] != "shop" || got["service.instance.id"] == "" {
		t.Errorf("the sender is %v, want shop with an id", got)
	}
	t.Setenv("OTEL_SERVICE_NAME", "checkout")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=pod-7,zone=a")
	if got := sender(); got["service.name"] != "checkout" || got["service.instance.id"] != "pod-7" || got["zone"] != "a" {
		t.Errorf("the sender is %v, want what the environment says", got)
	}
}
