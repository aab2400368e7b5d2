package points

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// OfRegistry reads what a registry has gathered. Types and temporalities are what the
// OpenTelemetry specification makes of Prometheus's: counters are monotonic sums, and
// everything is cumulative.
func OfRegistry(families []*dto.MetricFamily) Points {
	all := make(Points)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var pairs []string
			for _, pair := range metric.GetLabel() {
				pairs = append(pairs, label(pair.GetName(), pair.GetValue()))
			}
			p := ofMetric(metric)
			p.Unit = family.GetUnit()
			all[Series{family.GetName(), labels(pairs)}] = p
		}
	}
	return all
}

func ofMetric(metric *dto.Metric) Point {
	switch {
	case metric.GetCounter() != nil:
		c := metric.GetCounter()
		p := Point{Type: MonotonicSum, Temporality: Cumulative, Start: startOf(c.GetCreatedTimestamp()), Value: c.GetValue()}
		if c.GetExemplar() != nil {
			p.Exemplars = 1
		}
		return p
	case metric.GetHistogram() != nil:
		return ofHistogram(metric.GetHistogram())
	default: // a kind that these metrics do not have makes a difference
		return Point{Type: Gauge, Value: metric.GetGauge().GetValue()}
	}
}

// ofHistogram reads a native histogram if there is one, and else the classic one.
func ofHistogram(h *dto.Histogram) Point {
	p := Point{Type: Histogram, Temporality: Cumulative, Start: startOf(h.GetCreatedTimestamp()), Value: h.GetSampleSum()}
	p.Count = h.GetSampleCount()
	p.Exemplars = len(h.GetExemplars())
	for _, bucket := range h.GetBucket() {
		if bucket.GetExemplar() != nil {
			p.Exemplars++
		}
	}
	if h.GetZeroThreshold() == 0 && h.GetZeroCount() == 0 && len(h.GetPositiveSpan())+len(h.GetNegativeSpan()) == 0 {
		p.classic(h)
		return p
	}
	p.Type = ExponentialHistogram
	p.Scale, p.ZeroThreshold, p.ZeroCount = h.GetSchema(), h.GetZeroThreshold(), h.GetZeroCount()
	p.native(1, h.GetPositiveSpan(), h.GetPositiveDelta())
	p.native(-1, h.GetNegativeSpan(), h.GetNegativeDelta())
	return p
}

// classic adds the buckets of a classic histogram, whose counts are cumulative. The
// last one, up to infinity, may be left out.
func (d *Distribution) classic(h *dto.Histogram) {
	before := uint64(0)
	for _, bucket := range h.GetBucket() {
		d.add(bucket.GetUpperBound(), bucket.GetCumulativeCount()-before)
		before = bucket.GetCumulativeCount()
	}
	d.add(math.Inf(1), h.GetSampleCount()-before)
}

// native adds buckets of a native histogram. Each count is given as its difference to
// the one before.
func (d *Distribution) native(sign float64, spans []*dto.BucketSpan, deltas []int64) {
	var index int32
	var count int64
	for _, span := range spans {
		index += span.GetOffset()
		for range span.GetLength() {
			count += deltas[0]
			deltas = deltas[1:]
			d.add(sign*bound(d.Scale, index), uint64(count))
			index++
		}
	}
}

func startOf(created *timestamppb.Timestamp) time.Time {
	if created == nil {
		return time.Time{}
	}
	return created.AsTime()
}
