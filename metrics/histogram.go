package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// histogram is a Prometheus histogram of a backend or target. It shares its label
// pairs with the samples of the same backend or target, and needs no removal from
// a HistogramVec when its record is dropped.
type histogram struct {
	prometheus.Histogram
	desc   *prometheus.Desc
	labels []*dto.LabelPair
}

// Desc implements [prometheus.Metric].
func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// Write implements [prometheus.Metric].
func (h *histogram) Write(m *dto.Metric) error {
	err := h.Histogram.Write(m)
	m.Label = h.labels
	return err
}

// histogramMaker makes the histograms of one metric.
type histogramMaker struct {
	family *family
	opts   prometheus.HistogramOpts
}

// histogramMaker completes opts with what the table says of the metric.
func (m *metric[R]) histogramMaker(opts prometheus.HistogramOpts) *histogramMaker {
	opts.Name, opts.Help = m.name, m.help
	return &histogramMaker{family: &m.family, opts: opts}
}

// newHistogram makes a histogram with the labels of its record. They must be
// sorted by name and have no spare capacity, for wrapping registerers.
func (m *histogramMaker) newHistogram(labels []*dto.LabelPair) *histogram {
	return &histogram{Histogram: prometheus.NewHistogram(m.opts), desc: m.family.desc, labels: labels}
}

// newHistogramWith makes a histogram that also has the i-th value of the extra
// label.
func (m *histogramMaker) newHistogramWith(labels []*dto.LabelPair, i int) *histogram {
	return m.newHistogram(m.family.with(labels, i))
}

// rpcDurationBuckets are the buckets of grpc_lb_rpc_attempt_duration_seconds.
var rpcDurationBuckets = withNative(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)

// pickDelayBuckets are the buckets of gRPC's own latencies (gRFC A66), which its delays
// use as well (gRFC A121).
var pickDelayBuckets = withNative(0, .00001, .00005, .0001, .0003, .0006, .0008,
	.001, .002, .003, .004, .005, .006, .008, .01, .013, .016, .02, .025, .03, .04, .05, .065, .08,
	.1, .13, .16, .2, .25, .3, .4, .5, .65, .8, 1, 2, 5, 10, 20, 50, 100)

// connectDurationBuckets reach up to 20 s, when gRPC by default gives up a
// connection attempt.
var connectDurationBuckets = withNative(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20)

// withNative returns the options of a histogram that is both native and, for older
// Prometheus servers, classic with these bounds. The bounds of native buckets grow
// by a factor of at most 1.1. With more than 160 native buckets a histogram is
// reset, at most once an hour.
func withNative(classic ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Buckets:                         classic,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}
