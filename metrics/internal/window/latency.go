package window

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

// latency returns the mean and the quantiles.
func (d *Durations) latency() livepage.Latency {
	n := d.count()
	if n == 0 {
		return livepage.Latency{}
	}
	return livepage.Latency{
		Count: n,
		Mean:  seconds(d.Sum / float64(n)),
		P50:   seconds(d.quantile(.5, n)), P95: seconds(d.quantile(.95, n)), P99: seconds(d.quantile(.99, n)),
	}
}

// quantile interpolates within the bucket, as Prometheus does. If that is the last
// one, which has no end, it returns where that begins.
func (d *Durations) quantile(q float64, n uint64) float64 {
	rank, below := q*float64(n), 0.0
	from := 0.0
	for i, to := range Bounds {
		in := float64(d.Buckets[i])
		if in > 0 && below+in >= rank {
			return from + (to-from)*(rank-below)/in
		}
		below += in
		from = to
	}
	return from
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
