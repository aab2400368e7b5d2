package window

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// durations are what a histogram has measured since it was made, or in a window.
type durations latency.Counts

// since returns what was added to the earlier durations.
func (d *durations) since(earlier *durations) durations {
	added := durations{Sum: d.Sum - earlier.Sum}
	for i := range d.Buckets {
		added.Buckets[i] = d.Buckets[i] - earlier.Buckets[i]
	}
	return added
}

func (d *durations) add(more *durations) {
	d.Sum += more.Sum
	for i := range d.Buckets {
		d.Buckets[i] += more.Buckets[i]
	}
}

func (d *durations) count() (n uint64) {
	for _, bucket := range d.Buckets {
		n += uint64(bucket)
	}
	return n
}

// latency returns the mean and, as the durations are spread, the quantiles. Nothing is
// spread if nothing was measured.
func (d *durations) latency(s *latency.Spread) livestatus.Latency {
	n := d.count()
	if n == 0 {
		return livestatus.Latency{}
	}
	quantile := func(q float64) time.Duration { return s.Quantile(q, (*latency.Counts)(d)) }
	return livestatus.Latency{Count: n, Mean: time.Duration(uint64(d.Sum) / n), P50: quantile(.5), P95: quantile(.95), P99: quantile(.99)}
}
