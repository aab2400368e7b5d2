package points_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
)

var (
	start  = time.Unix(100, 5).UTC()
	series = points.Series{Family: "f", Labels: `a="1",b="2"`}
)

// gather returns the points of a registry with the collector.
func gather(t *testing.T, c prometheus.Collector) points.Points {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return points.OfRegistry(families)
}

// one is a collector of one metric.
type one struct{ prometheus.Metric }

func (c one) Describe(ch chan<- *prometheus.Desc) { ch <- c.Desc() }

func (c one) Collect(ch chan<- prometheus.Metric) { ch <- c.Metric }

func export(metrics ...*otlp.Metric) points.Points {
	return points.OfOTLP([]*collector.ExportMetricsServiceRequest{{
		ResourceMetrics: []*otlp.ResourceMetrics{{ScopeMetrics: []*otlp.ScopeMetrics{{Metrics: metrics}}}},
	}})
}

func attributes() []*common.KeyValue {
	value := func(s string) *common.AnyValue {
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
	}
	return []*common.KeyValue{{Key: "b", Value: value("2")}, {Key: "a", Value: value("1")}}
}

var desc = prometheus.NewDesc("f", "Help.", []string{"b", "a"}, nil)

// At scale 1, where the base is √2, the bucket from 2√2 to 4 has Prometheus's
// index 4 and OTLP's index 3.
func TestAHistogramIsTheSameInBothForms(t *testing.T) {
	t.Parallel()
	native := prometheus.MustNewConstNativeHistogram(desc, 10, 20, map[int]int64{4: 4, 6: 5}, map[int]int64{0: 1}, 0, 1, 1e-9, start, "2", "1")
	sum := 20.
	got := export(&otlp.Metric{Name: "f", Data: &otlp.Metric_ExponentialHistogram{ExponentialHistogram: &otlp.ExponentialHistogram{
		AggregationTemporality: otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
		DataPoints: []*otlp.ExponentialHistogramDataPoint{{
			Attributes: attributes(), StartTimeUnixNano: uint64(start.UnixNano()), Count: 10, Sum: &sum, Scale: 1, ZeroThreshold: 1e-9,
			Positive: &otlp.ExponentialHistogramDataPoint_Buckets{Offset: 3, BucketCounts: []uint64{4, 0, 5}},
			Negative: &otlp.ExponentialHistogramDataPoint_Buckets{Offset: -1, BucketCounts: []uint64{1}},
		}},
	}}})
	for _, line := range points.Diff(gather(t, one{native}), got) {
		t.Error(line)
	}
	if want := (map[float64]uint64{4: 4, 8: 5, -1: 1}); !maps.Equal(got[series].Buckets, want) {
		t.Errorf("buckets %v, want %v", got[series].Buckets, want)
	}
}

func TestAClassicHistogramIsTheSameInBothForms(t *testing.T) {
	t.Parallel()
	classic := prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, 6, 9, map[float64]uint64{1: 2, 2: 2, 4: 5}, start, "2", "1")
	sum := 9.
	got := export(&otlp.Metric{Name: "f", Data: &otlp.Metric_Histogram{Histogram: &otlp.Histogram{
		AggregationTemporality: otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
		DataPoints: []*otlp.HistogramDataPoint{{
			Attributes: attributes(), StartTimeUnixNano: uint64(start.UnixNano()), Count: 6, Sum: &sum,
			ExplicitBounds: []float64{1, 2, 4}, BucketCounts: []uint64{2, 0, 3, 1},
		}},
	}}})
	for _, line := range points.Diff(gather(t, one{classic}), got) {
		t.Error(line)
	}
}

func counter() *otlp.Metric {
	return &otlp.Metric{Name: "f", Data: &otlp.Metric_Sum{Sum: &otlp.Sum{
		AggregationTemporality: otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, IsMonotonic: true,
		DataPoints: []*otlp.NumberDataPoint{{
			Attributes: attributes(), StartTimeUnixNano: uint64(start.UnixNano()), Value: &otlp.NumberDataPoint_AsDouble{AsDouble: 7},
		}},
	}}}
}

// The other tests of this example rely on Diff.
func TestDiffNoticesWhatHasChangedOnTheWay(t *testing.T) {
	t.Parallel()
	registry := gather(t, one{prometheus.MustNewConstMetricWithCreatedTimestamp(desc, prometheus.CounterValue, 7, start, "2", "1")})
	if lines := points.Diff(registry, export(counter())); len(lines) > 0 {
		t.Errorf("nothing has changed: %q", lines)
	}
	for name, change := range map[string]func(*otlp.Metric, *otlp.Sum, *otlp.NumberDataPoint){
		"name":          func(m *otlp.Metric, _ *otlp.Sum, _ *otlp.NumberDataPoint) { m.Name = "g" },
		"not monotonic": func(_ *otlp.Metric, s *otlp.Sum, _ *otlp.NumberDataPoint) { s.IsMonotonic = false },
		"temporality": func(_ *otlp.Metric, s *otlp.Sum, _ *otlp.NumberDataPoint) {
			s.AggregationTemporality = otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
		},
		"no temporality": func(_ *otlp.Metric, s *otlp.Sum, _ *otlp.NumberDataPoint) { s.AggregationTemporality = 0 },
		"value": func(_ *otlp.Metric, _ *otlp.Sum, d *otlp.NumberDataPoint) {
			d.Value = &otlp.NumberDataPoint_AsInt{AsInt: 8}
		},
		"start":    func(_ *otlp.Metric, _ *otlp.Sum, d *otlp.NumberDataPoint) { d.StartTimeUnixNano++ },
		"no start": func(_ *otlp.Metric, _ *otlp.Sum, d *otlp.NumberDataPoint) { d.StartTimeUnixNano = 0 },
		"label":    func(_ *otlp.Metric, _ *otlp.Sum, d *otlp.NumberDataPoint) { d.Attributes = d.Attributes[1:] },
		"type": func(m *otlp.Metric, s *otlp.Sum, _ *otlp.NumberDataPoint) {
			m.Data = &otlp.Metric_Gauge{Gauge: &otlp.Gauge{DataPoints: s.DataPoints}}
		},
		"gone":    func(_ *otlp.Metric, s *otlp.Sum, _ *otlp.NumberDataPoint) { s.DataPoints = nil },
		"nothing": func(m *otlp.Metric, _ *otlp.Sum, _ *otlp.NumberDataPoint) { m.Data = nil },
	} {
		m := counter()
		change(m, m.GetSum(), m.GetSum().GetDataPoints()[0])
		if lines := points.Diff(registry, export(m)); len(lines) == 0 || !strings.Contains(lines[0], "{a=") && !strings.Contains(lines[0], "{b=") {
			t.Errorf("%s: Diff gives %q, want a line that names the series", name, lines)
		}
	}
}

func TestDiffNoticesWhatHasChangedInAHistogram(t *testing.T) {
	t.Parallel()
	was := points.Distribution{Count: 3, Buckets: map[float64]uint64{1: 3}, Scale: 2, ZeroThreshold: .1, ZeroCount: 1}
	for name, change := range map[string]func(*points.Distribution){
		"count":          func(d *points.Distribution) { d.Count++ },
		"buckets":        func(d *points.Distribution) { d.Buckets = map[float64]uint64{2: 3} },
		"scale":          func(d *points.Distribution) { d.Scale++ },
		"zero threshold": func(d *points.Distribution) { d.ZeroThreshold = 0 },
		"zero count":     func(d *points.Distribution) { d.ZeroCount = 0 },
	} {
		is := was
		change(&is)
		if len(points.Diff(points.Points{series: {Distribution: was}}, points.Points{series: {Distribution: is}})) != 1 {
			t.Errorf("%s: Diff does not notice", name)
		}
	}
}

func TestPointsAreFoundByLabel(t *testing.T) {
	t.Parallel()
	all := points.Points{
		{Family: "f", Labels: `a="1",b="x,a=\"2\""`}: {Exemplars: 1},
		{Family: "g", Labels: `a="11"`}:              {Exemplars: 2},
		{Family: "f", Labels: `a="2"`}:               {},
	}
	if got, want := all.Labelled("a", "1").Families(), []string{"f"}; !reflect.DeepEqual(got, want) {
		t.Errorf("families %q have the label, want %q", got, want)
	}
	if got := len(all.Labelled("a", "2")); got != 1 {
		t.Errorf("%d series have the label, want 1", got)
	}
	if got, want := all.Families(), []string{"f", "g"}; !reflect.DeepEqual(got, want) {
		t.Errorf("families %q, want %q", got, want)
	}
	if got := all.Exemplars(); got != 3 {
		t.Errorf("%d exemplars, want 3", got)
	}
}
