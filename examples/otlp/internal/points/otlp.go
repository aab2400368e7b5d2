package points

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"
)

// OfOTLP reads the requests of one export.
func OfOTLP(requests []*collector.ExportMetricsServiceRequest) Points {
	all := make(Points)
	for metric := range Metrics(requests) {
		all.addMetric(metric)
	}
	return all
}

// Metrics ranges over the metrics of the requests.
func Metrics(requests []*collector.ExportMetricsServiceRequest) iter.Seq[*otlp.Metric] {
	return func(yield func(*otlp.Metric) bool) {
		for _, request := range requests {
			for _, resource := range request.GetResourceMetrics() {
				for _, scope := range resource.GetScopeMetrics() {
					for _, metric := range scope.GetMetrics() {
						if !yield(metric) {
							return
						}
					}
				}
			}
		}
	}
}

// addMetric adds the points of the metric. A type that is not known here gives none.
func (p Points) addMetric(m *otlp.Metric) {
	add := func(attributes []*common.KeyValue, one Point) {
		one.Unit = m.GetUnit()
		p[Series{m.GetName(), labelsOf(attributes)}] = one
	}
	switch data := m.GetData().(type) {
	case *otlp.Metric_Gauge:
		for _, d := range data.Gauge.GetDataPoints() {
			add(d.GetAttributes(), number(d, Gauge, ""))
		}
	case *otlp.Metric_Sum:
		kind := Sum
		if data.Sum.GetIsMonotonic() {
			kind = MonotonicSum
		}
		for _, d := range data.Sum.GetDataPoints() {
			add(d.GetAttributes(), number(d, kind, temporality(data.Sum.GetAggregationTemporality())))
		}
	case *otlp.Metric_Histogram:
		for _, d := range data.Histogram.GetDataPoints() {
			add(d.GetAttributes(), explicit(d, temporality(data.Histogram.GetAggregationTemporality())))
		}
	case *otlp.Metric_ExponentialHistogram:
		for _, d := range data.ExponentialHistogram.GetDataPoints() {
			add(d.GetAttributes(), exponential(d, temporality(data.ExponentialHistogram.GetAggregationTemporality())))
		}
	}
}

func number(d *otlp.NumberDataPoint, kind, temporality string) Point {
	value := d.GetAsDouble()
	if _, ok := d.GetValue().(*otlp.NumberDataPoint_AsInt); ok {
		value = float64(d.GetAsInt())
	}
	return Point{
		Type: kind, Temporality: temporality, Start: timeOf(d.GetStartTimeUnixNano()), Time: timeOf(d.GetTimeUnixNano()),
		Value: value, Exemplars: len(d.GetExemplars()),
	}
}

func explicit(d *otlp.HistogramDataPoint, temporality string) Point {
	p := Point{
		Type: Histogram, Temporality: temporality, Start: timeOf(d.GetStartTimeUnixNano()), Time: timeOf(d.GetTimeUnixNano()),
		Value: d.GetSum(), Exemplars: len(d.GetExemplars()),
	}
	p.Count = d.GetCount()
	bounds := slices.Concat(d.GetExplicitBounds(), []float64{math.Inf(1)})
	for i, n := range d.GetBucketCounts() {
		p.add(bounds[i], n)
	}
	return p
}

// exponential reads an exponential histogram. OTLP's index of a bucket is that of its
// lower bound, Prometheus's that of its upper bound.
func exponential(d *otlp.ExponentialHistogramDataPoint, temporality string) Point {
	p := Point{
		Type: ExponentialHistogram, Temporality: temporality, Start: timeOf(d.GetStartTimeUnixNano()), Time: timeOf(d.GetTimeUnixNano()),
		Value: d.GetSum(), Exemplars: len(d.GetExemplars()),
	}
	p.Count = d.GetCount()
	p.Scale, p.ZeroThreshold, p.ZeroCount = d.GetScale(), d.GetZeroThreshold(), d.GetZeroCount()
	for i, n := range d.GetPositive().GetBucketCounts() {
		p.add(bound(p.Scale, d.GetPositive().GetOffset()+int32(i)+1), n)
	}
	for i, n := range d.GetNegative().GetBucketCounts() {
		p.add(-bound(p.Scale, d.GetNegative().GetOffset()+int32(i)+1), n)
	}
	return p
}

func temporality(t otlp.AggregationTemporality) string {
	switch t {
	case otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE:
		return Cumulative
	case otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA:
		return Delta
	default:
		return fmt.Sprint(t)
	}
}

// timeOf returns a time of OTLP. 0 means that it is not known.
func timeOf(unixNano uint64) time.Time {
	if unixNano == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(unixNano)).UTC()
}

func labelsOf(attributes []*common.KeyValue) string {
	var pairs []string
	for _, kv := range attributes {
		pairs = append(pairs, label(kv.GetKey(), kv.GetValue().GetStringValue()))
	}
	return labels(pairs)
}
