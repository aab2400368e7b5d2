package grpcinstruments_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	estats "google.golang.org/grpc/experimental/stats"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Instruments are registered with gRPC for all tests: one of each type.
var (
	calls = estats.RegisterInt64Count(estats.MetricDescriptor{
		Name: "test.calls", Description: "Calls.", Unit: "{call}",
		Labels: []string{"grpc.target"}, OptionalLabels: []string{"test.zone", "test.rack"},
	})
	cost = estats.RegisterFloat64Count(estats.MetricDescriptor{
		Name: "test.cost", Description: "Cost.", Unit: "s", Labels: []string{"grpc.target"},
	})
	sizes = estats.RegisterInt64Histo(estats.MetricDescriptor{
		Name: "test.sizes", Description: "Sizes.", Unit: "By", Labels: []string{"grpc.target"}, Bounds: []float64{10, 20},
	})
	waits = estats.RegisterFloat64Histo(estats.MetricDescriptor{
		Name: "test.waits", Description: "Waits.", Unit: "s", Labels: []string{"grpc.target"},
	})
	level = estats.RegisterInt64Gauge(estats.MetricDescriptor{
		Name: "test.level", Description: "Level.", Labels: []string{"grpc.target"},
	})
	open = estats.RegisterInt64UpDownCount(estats.MetricDescriptor{
		Name: "test.open", Description: "Open.", Labels: []string{"grpc.target"},
	})
	depth = estats.RegisterInt64AsyncGauge(estats.MetricDescriptor{
		Name: "test.depth", Description: "Depth.", Unit: "{entry}", Labels: []string{"grpc.target"},
	})
	width = estats.RegisterInt64AsyncGauge(estats.MetricDescriptor{
		Name: "test.width", Description: "Width.", Labels: []string{"grpc.target"},
	})
	ticks = estats.RegisterInt64Count(estats.MetricDescriptor{
		Name: "test.ticks", Description: "Ticks.", Default: true,
	})
)

// nowhere is gRPC's own recorder, which records nothing.
var nowhere = estats.UnimplementedMetricsRecorder{}

// newSet returns one of the instruments.
func newSet(names ...string) *grpcinstruments.Set { return newSetWith(names) }

func newSetWith(names []string, labels ...string) *grpcinstruments.Set {
	return grpcinstruments.New(grpcinstruments.Config{
		Names: names, OptionalLabels: labels, Retention: time.Minute, MaxSeries: 100,
	})
}

// gather returns what a registry that checks all that can be checked finds.
func gather(tb testing.TB, set *grpcinstruments.Set) map[string]*dto.MetricFamily {
	tb.Helper()
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(set); err != nil {
		tb.Errorf("register: %v", err)
	}
	families, err := r.Gather()
	if err != nil {
		tb.Errorf("gather: %v", err)
	}
	byName := make(map[string]*dto.MetricFamily)
	for _, f := range families {
		byName[f.GetName()] = f
	}
	return byName
}

// scrape returns the series as text; of histograms, count and sum.
func scrape(tb testing.TB, set *grpcinstruments.Set) []string {
	tb.Helper()
	var lines []string
	families := gather(tb, set)
	for _, name := range slices.Sorted(maps.Keys(families)) {
		for _, m := range families[name].Metric {
			lines = append(lines, name+labelsOf(m)+" "+valueOf(m))
		}
	}
	return lines
}

func labelsOf(m *dto.Metric) string {
	var pairs []string
	for _, l := range m.Label {
		pairs = append(pairs, l.GetName()+"="+l.GetValue())
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func valueOf(m *dto.Metric) string {
	switch {
	case m.Counter != nil:
		return fmt.Sprint(m.Counter.GetValue())
	case m.Gauge != nil:
		return fmt.Sprint(m.Gauge.GetValue())
	default:
		return fmt.Sprintf("%d/%v", m.Histogram.GetSampleCount(), m.Histogram.GetSampleSum())
	}
}

// wantSeries checks a scrape.
func wantSeries(tb testing.TB, set *grpcinstruments.Set, want ...string) {
	tb.Helper()
	if got := scrape(tb, set); !slices.Equal(got, want) {
		tb.Errorf("series:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
