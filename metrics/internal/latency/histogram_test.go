package latency_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"
	"unsafe"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Beyond the last native bucket, durations count in that bucket. Classic buckets, count
// and sum are right all the same.
func TestVeryLongDurations(t *testing.T) {
	t.Parallel()
	h := new(latency.Histogram)
	h.Observe(longest)
	h.Observe(longest + time.Nanosecond)
	h.Observe(240 * time.Hour)
	got := new(dto.Histogram)
	h.Write(got)
	want := (2*longest + time.Nanosecond + 240*time.Hour).Seconds()
	if fmt.Sprint(got.GetPositiveDelta()) != "[3]" || got.GetPositiveSpan()[0].GetOffset() != 12*8 || got.GetSampleCount() != 3 || math.Abs(got.GetSampleSum()-want) > 1e-6 {
		t.Errorf("%v, want three in the bucket up to 2^12 s, and the sum %v", got, want)
	}
}

func TestANegativeDurationIsZero(t *testing.T) {
	t.Parallel()
	h := new(latency.Histogram)
	h.Observe(-time.Second)
	if err := h.ObserveWith(nil, -time.Second); err != nil {
		t.Error(err)
	}
	got := new(dto.Histogram)
	h.Write(got)
	if got.GetZeroCount() != 2 || got.GetSampleSum() != 0 || got.GetBucket()[0].GetCumulativeCount() != 2 {
		t.Errorf("%v, want two zeros", got)
	}
}

func TestCountsByClassicBucket(t *testing.T) {
	t.Parallel()
	h := new(latency.Histogram)
	var want latency.Counts
	for i := range latency.Buckets - 1 {
		for range i + 1 {
			h.Observe(latency.Bound(i))
			want.Sum += latency.Bound(i)
		}
		want.Buckets[i] = uint32(i + 1) //nolint:gosec // small
	}
	h.Observe(latency.Bound(latency.Buckets-2) + 1)
	want.Sum += latency.Bound(latency.Buckets-2) + 1
	want.Buckets[latency.Buckets-1] = 1
	got := latency.Counts{Sum: 1}
	if h.Read(&got); got != want {
		t.Errorf("counts %v, want %v", got, want)
	}
}

func TestNoObservationIsLost(t *testing.T) {
	t.Parallel()
	h := new(latency.Histogram)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 1000 {
				if i%2 == 0 {
					h.Observe(time.Millisecond)
				} else if err := h.ObserveWith(map[string]string{"trace_id": "1"}, time.Millisecond); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		h.Write(new(dto.Histogram))
	}
	all.Wait()
	got := new(dto.Histogram)
	h.Write(got)
	if got.GetSampleCount() != 8000 || math.Abs(got.GetSampleSum()-8) > 1e-9 {
		t.Errorf("count %d and sum %v, want 8000 and 8", got.GetSampleCount(), got.GetSampleSum())
	}
}

// There may be one for each of 10,000 backends. The test is not parallel, because it
// counts allocations.
func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(latency.Histogram{}); size > 2040 {
		t.Errorf("a histogram has %d bytes, want at most 2,040, which leaves 8 of what Go allocates", size)
	}
	h := new(latency.Histogram)
	if allocs := testing.AllocsPerRun(100, func() { h.Observe(time.Millisecond) }); allocs != 0 {
		t.Errorf("%v allocations to observe, want none", allocs)
	}
}

func BenchmarkObserve(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		h, d := new(latency.Histogram), time.Duration(0)
		for b.Loop() {
			d += 997 * time.Microsecond
			h.Observe(d % time.Second)
		}
	})
	b.Run("client_golang", func(b *testing.B) {
		h, d := newOracle(), time.Duration(0)
		for b.Loop() {
			d += 997 * time.Microsecond
			h.Observe((d % time.Second).Seconds())
		}
	})
}
