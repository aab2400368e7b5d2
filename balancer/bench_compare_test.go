package balancer_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// job is something to be measured. It returns what it took, so that it can
// prepare itself and clean up without being measured for it.
type job func() (time.Duration, uint64)

// measured runs f and tells the time and the bytes allocated.
func measured(f func()) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return took, after.TotalAlloc - before.TotalAlloc
}

// compare runs grpc-go's policy and ours by turns, so that whatever else the
// machine does hits both alike, and reports the medians, and ours divided by
// grpc-go's. Each run counts as n operations. Without a job for grpc-go's, ours
// is measured alone.
func compare(b *testing.B, n int, builtin, ours job) {
	b.Helper()
	var times, bytes [2][]float64
	for b.Loop() {
		for i, j := range []job{builtin, ours} {
			if j == nil {
				continue
			}
			took, allocated := j()
			times[i] = append(times[i], float64(took.Nanoseconds())/float64(n))
			bytes[i] = append(bytes[i], float64(allocated)/float64(n))
		}
	}
	b.ReportMetric(0, "ns/op") // of both together: it says nothing
	b.ReportMetric(median(times[1]), "ns/ours")
	b.ReportMetric(median(bytes[1]), "B/ours")
	if builtin == nil {
		return
	}
	b.ReportMetric(median(times[0]), "ns/grpc-go")
	b.ReportMetric(median(bytes[0]), "B/grpc-go")
	b.ReportMetric(median(times[1])/median(times[0]), "ratio")
	if median(bytes[0]) > 0 {
		b.ReportMetric(median(bytes[1])/median(bytes[0]), "B-ratio")
	}
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}
