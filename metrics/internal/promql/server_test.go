package promql_test

import (
	"math"
	"slices"
	"strconv"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// server is a kind of Prometheus server. The kinds store histograms differently.
type server struct {
	name   string
	native bool // it stores native histograms, and then no buckets of them
	custom bool // it stores classic histograms as native ones with custom buckets
}

var servers = []server{
	{name: "classic"},
	{name: "native", native: true},
	{name: "custom buckets", native: true, custom: true},
}

// store returns the server's storage after the scrapes.
func (s server) store(recorded []scrape) *storage {
	st := newStorage()
	for _, sc := range recorded {
		for _, family := range sc.families {
			for _, m := range family.Metric {
				s.ingest(st, family.GetName(), m, sc.at.UnixMilli())
			}
		}
	}
	return st
}

func (s server) ingest(st *storage, name string, m *dto.Metric, at int64) {
	h := m.Histogram
	switch {
	case m.Counter != nil:
		st.add(seriesLabels(name, m), sample{at: at, f: m.Counter.GetValue()})
	case m.Gauge != nil:
		st.add(seriesLabels(name, m), sample{at: at, f: m.Gauge.GetValue()})
	case s.native && h.Schema != nil:
		st.add(seriesLabels(name, m), sample{at: at, h: nativeHistogram(h)})
	case s.custom:
		st.add(seriesLabels(name, m), sample{at: at, h: customHistogram(h)})
	default:
		st.add(seriesLabels(name+"_count", m), sample{at: at, f: float64(h.GetSampleCount())})
		st.add(seriesLabels(name+"_sum", m), sample{at: at, f: h.GetSampleSum()})
		for _, b := range withInf(h) {
			le := strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64)
			st.add(seriesLabels(name+"_bucket", m, "le", le), sample{at: at, f: float64(b.GetCumulativeCount())})
		}
	}
}

// seriesLabels returns the labels of the series, including those that a scrape adds.
func seriesLabels(name string, m *dto.Metric, more ...string) labels.Labels {
	all := append([]string{model.MetricNameLabel, name, "job", "shop", "instance", "shop-1:9464"}, more...)
	for _, l := range m.Label {
		all = append(all, l.GetName(), l.GetValue())
	}
	return labels.FromStrings(all...)
}

// withInf returns the buckets and the +Inf bucket, which normally the encoder of the
// page adds.
func withInf(h *dto.Histogram) []*dto.Bucket {
	inf := math.Inf(1)
	return append(slices.Clip(h.Bucket), &dto.Bucket{UpperBound: &inf, CumulativeCount: h.SampleCount})
}

func nativeHistogram(h *dto.Histogram) *histogram.FloatHistogram {
	native := histogram.Histogram{
		Schema:          h.GetSchema(),
		Count:           h.GetSampleCount(),
		Sum:             h.GetSampleSum(),
		ZeroThreshold:   h.GetZeroThreshold(),
		ZeroCount:       h.GetZeroCount(),
		PositiveBuckets: h.PositiveDelta,
	}
	for _, span := range h.PositiveSpan {
		native.PositiveSpans = append(native.PositiveSpans, histogram.Span{Offset: span.GetOffset(), Length: span.GetLength()})
	}
	return native.ToFloat(nil)
}

func customHistogram(h *dto.Histogram) *histogram.FloatHistogram {
	custom := &histogram.FloatHistogram{
		Schema: histogram.CustomBucketsSchema,
		Count:  float64(h.GetSampleCount()),
		Sum:    h.GetSampleSum(),
	}
	var below uint64
	for _, b := range withInf(h) {
		custom.PositiveBuckets = append(custom.PositiveBuckets, float64(b.GetCumulativeCount()-below))
		below = b.GetCumulativeCount()
		if !math.IsInf(b.GetUpperBound(), 1) {
			custom.CustomValues = append(custom.CustomValues, b.GetUpperBound())
		}
	}
	custom.PositiveSpans = []histogram.Span{{Length: uint32(len(custom.PositiveBuckets))}}
	return custom.Compact(0)
}
