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

// newHistogram makes a histogram whose labels are in the order of their names,
// in a slice without room to grow.
func newHistogram(desc *prometheus.Desc, opts prometheus.HistogramOpts, labels []*dto.LabelPair) *histogram {
	return &histogram{Histogram: prometheus.NewHistogram(opts), desc: desc, labels: labels}
}

// Desc implements [prometheus.Metric].
func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// Write implements [prometheus.Metric].
func (h *histogram) Write(m *dto.Metric) error {
	err := h.Histogram.Write(m)
	m.Label = h.labels
	return err
}

// rpcDurationOpts are those of a native histogram, whose buckets are at most a
// tenth wide, and of a classic one for servers that know no other. A native
// histogram starts anew rather than have more than 160 buckets, once an hour at
// most.
var rpcDurationOpts = prometheus.HistogramOpts{
	Name:                            "grpc_lb_rpc_duration_seconds",
	Help:                            "Time from the pick of the backend to the end of the RPC attempt.",
	Buckets:                         []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	NativeHistogramBucketFactor:     1.1,
	NativeHistogramMaxBucketNumber:  160,
	NativeHistogramMinResetDuration: time.Hour,
}

// pickWaitOpts has room for waits that end with a first connection and for
// those that a deadline ends.
var pickWaitOpts = prometheus.HistogramOpts{
	Name:    "grpc_lb_pick_wait_seconds",
	Help:    "Time that an RPC attempt waited for a pick, if it had to, by reason.",
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
}

// connectDurationOpts has buckets up to where gRPC gives a connection attempt
// up, by default.
var connectDurationOpts = prometheus.HistogramOpts{
	Name:    "grpc_lb_connect_duration_seconds",
	Help:    "Time from CONNECTING to READY of the target's subchannels.",
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
}
