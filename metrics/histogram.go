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

// rpcDurationBuckets are for native histograms, and for classic ones where the
// server knows no other.
var rpcDurationBuckets = withNative(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)

// pickDelayBuckets are those of gRPC's own instruments of latency (gRFC A66), as
// for its delays (gRFC A121).
var pickDelayBuckets = withNative(0, .00001, .00005, .0001, .0003, .0006, .0008,
	.001, .002, .003, .004, .005, .006, .008, .01, .013, .016, .02, .025, .03, .04, .05, .065, .08,
	.1, .13, .16, .2, .25, .3, .4, .5, .65, .8, 1, 2, 5, 10, 20, 50, 100)

// connectDurationBuckets reach to where gRPC gives a connection attempt up, by
// default.
var connectDurationBuckets = withNative(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20)

// withNative returns the options of a histogram with these classic buckets that is
// a native one as well. Native buckets grow by a factor of at most 1.1. They start
// anew rather than become more than 160, once an hour at most.
func withNative(classic ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Buckets:                         classic,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}
