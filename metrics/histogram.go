package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// histogram is one of a backend or target. It is Prometheus's, with the label
// pairs that it shares with the samples of the same backend or target, and it
// goes when its record goes; a HistogramVec would have to be told.
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

// newHistogram makes one whose labels are those of its record. A wrapping
// registerer wants them in the order of their names, without room to grow.
func (m *histogramMaker) newHistogram(labels []*dto.LabelPair) *histogram {
	return &histogram{Histogram: prometheus.NewHistogram(m.opts), desc: m.family.desc, labels: labels}
}

// newHistogramWith makes one that also has the i-th value of the extra label.
func (m *histogramMaker) newHistogramWith(labels []*dto.LabelPair, i int) *histogram {
	return m.newHistogram(m.family.with(labels, i))
}

// rpcDurations are native histograms, and classic ones for servers that know no
// other. The buckets of the native ones grow by a factor of at most 1.1. They
// start anew rather than have more than 160 buckets, once an hour at most.
var rpcDurations = backendMetrics.named("grpc_lb_rpc_duration_seconds").histogramMaker(prometheus.HistogramOpts{
	Buckets:                         []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	NativeHistogramBucketFactor:     1.1,
	NativeHistogramMaxBucketNumber:  160,
	NativeHistogramMinResetDuration: time.Hour,
})

// pickWaits have room for waits that end with a first connection and for those
// that a deadline ends.
var pickWaits = targetMetrics.named("grpc_lb_pick_wait_seconds").histogramMaker(prometheus.HistogramOpts{
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
})

// connectDurations have buckets up to where gRPC gives a connection attempt up,
// by default.
var connectDurations = targetMetrics.named("grpc_lb_connect_duration_seconds").histogramMaker(prometheus.HistogramOpts{
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
})
