package record

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

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
