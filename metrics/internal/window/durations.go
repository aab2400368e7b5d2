package window

import (
	"sync/atomic"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// bounds are the upper bounds of the buckets, as in the classic histograms of RPC
// durations. The last bucket has none.
var bounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
}

const buckets = len(bounds) + 1

// bucketOf returns the bucket of a duration.
func bucketOf(d time.Duration) int {
	low, high := 0, len(bounds)
	for low < high {
		if middle := (low + high) / 2; d > bounds[middle] {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// Recorder measures the RPC attempts on a backend. It takes one cache line. A
// Prometheus histogram cannot be read without allocating kilobytes, which for
// thousands of backends would make the live page slow.
type Recorder struct {
	sum     atomic.Uint64 // nanoseconds
	buckets [buckets]atomic.Uint32
}

// Observe counts an attempt.
func (r *Recorder) Observe(d time.Duration) {
	r.buckets[bucketOf(d)].Add(1)
	r.sum.Add(uint64(d))
}

// durations are what a Recorder has measured since it was made, modulo 2^32.
type durations struct {
	sum     uint64
	buckets [buckets]uint32
}

func (r *Recorder) read(d *durations) {
	for i := range d.buckets {
		d.buckets[i] = r.buckets[i].Load()
	}
	d.sum = r.sum.Load()
}

// since returns what was added to the earlier durations.
func (d *durations) since(earlier *durations) durations {
	added := durations{sum: d.sum - earlier.sum}
	for i := range d.buckets {
		added.buckets[i] = d.buckets[i] - earlier.buckets[i]
	}
	return added
}

func (d *durations) add(more *durations) {
	d.sum += more.sum
	for i := range d.buckets {
		d.buckets[i] += more.buckets[i]
	}
}

// latency returns the mean and the quantiles.
func (d *durations) latency() livestatus.Latency {
	n := uint64(0)
	for _, bucket := range d.buckets {
		n += uint64(bucket)
	}
	if n == 0 {
		return livestatus.Latency{}
	}
	return livestatus.Latency{
		Count: n, Mean: time.Duration(d.sum / n),
		P50: d.quantile(.5, n), P95: d.quantile(.95, n), P99: d.quantile(.99, n),
	}
}

// quantile interpolates within the bucket, as Prometheus does. If that is the last
// one, which has no end, it returns where that begins.
func (d *durations) quantile(q float64, n uint64) time.Duration {
	rank, below, from := q*float64(n), 0.0, time.Duration(0)
	for i, to := range bounds {
		in := float64(d.buckets[i])
		if in > 0 && below+in >= rank {
			return from + time.Duration(float64(to-from)*(rank-below)/in)
		}
		below, from = below+in, to
	}
	return from
}
