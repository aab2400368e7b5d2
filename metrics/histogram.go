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

// rpcDurations makes histograms that are both native and, for older Prometheus
// servers, classic. The bounds of native buckets grow by a factor of at most 1.1.
// With more than 160 native buckets a histogram is reset, at most once an hour.
var rpcDurations = backendMetrics.named("grpc_lb_rpc_duration_seconds").histogramMaker(prometheus.HistogramOpts{
	Buckets:                         []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	NativeHistogramBucketFactor:     1.1,
	NativeHistogramMaxBucketNumber:  160,
	NativeHistogramMinResetDuration: time.Hour,
})

// pickWaits has buckets for waits that end with the first connection, and for
// waits that end with a deadline.
var pickWaits = targetMetrics.named("grpc_lb_pick_wait_seconds").histogramMaker(prometheus.HistogramOpts{
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
})

// connectDurations has buckets up to 20 s, when gRPC by default gives up a
// connection attempt.
var connectDurations = targetMetrics.named("grpc_lb_connect_duration_seconds").histogramMaker(prometheus.HistogramOpts{
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
})
