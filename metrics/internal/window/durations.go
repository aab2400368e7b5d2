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

// latency returns the mean and the quantiles.
func (d *durations) latency() livestatus.Latency {
	n := uint64(0)
	for _, bucket := range d.Buckets {
		n += uint64(bucket)
	}
	if n == 0 {
		return livestatus.Latency{}
	}
	return livestatus.Latency{
		Count: n, Mean: time.Duration(uint64(d.Sum) / n),
		P50: d.quantile(.5, n), P95: d.quantile(.95, n), P99: d.quantile(.99, n),
	}
}

// quantile interpolates within the bucket, as Prometheus does. If that is the last
// one, which has no end, it returns where that begins.
func (d *durations) quantile(q float64, n uint64) time.Duration {
	rank, below, from := q*float64(n), 0.0, time.Duration(0)
	for i := range latency.Buckets - 1 {
		in, to := float64(d.Buckets[i]), latency.Bound(i)
		if in > 0 && below+in >= rank {
			return from + time.Duration(float64(to-from)*(rank-below)/in)
		}
		below, from = below+in, to
	}
	return from
}
