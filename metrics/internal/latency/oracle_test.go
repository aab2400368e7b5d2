package latency_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
)

// zero is the longest duration that counts as zero, and longest the longest that has a
// native bucket of its own.
const (
	zero    = time.Second / (1 << 17)
	longest = time.Second << 12
)

// newOracle returns client_golang's histogram with the same buckets.
func newOracle() prometheus.Histogram {
	var classic []float64
	for i := range latency.Buckets - 1 {
		classic = append(classic, latency.Bound(i).Seconds())
	}
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                         "seconds",
		Buckets:                      classic,
		NativeHistogramBucketFactor:  1.1,
		NativeHistogramZeroThreshold: 1.0 / (1 << 17),
		NativeHistogramMaxExemplars:  -1,
	})
}

// wantLikeOracle checks that both histograms write the same, but for the time of their
// creation. The sums may differ in the last digits: ours adds whole nanoseconds.
func wantLikeOracle(t *testing.T, h *latency.Histogram, oracle prometheus.Histogram) {
	t.Helper()
	var theirs dto.Metric
	if err := oracle.Write(&theirs); err != nil {
		t.Fatal(err)
	}
	ours := new(dto.Histogram)
	h.Write(ours)
	want := theirs.GetHistogram()
	if got, want := ours.GetSampleSum(), want.GetSampleSum(); math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("sum %v, want %v", got, want)
	}
	want.CreatedTimestamp, want.SampleSum = nil, ours.SampleSum
	if !proto.Equal(ours, want) {
		t.Errorf("got  %v\nwant %v", ours, want)
	}
}

// edges are the durations around each bound of a bucket, classic or native.
func edges() (all []time.Duration) {
	around := func(seconds float64) {
		for d := time.Duration(-2); d <= 2; d++ {
			if d := time.Duration(seconds*float64(time.Second)) + d; d >= 0 && d <= longest {
				all = append(all, d)
			}
		}
	}
	for i := range latency.Buckets - 1 {
		around(latency.Bound(i).Seconds())
	}
	for key := -18 * 8; key <= 12*8; key++ {
		around(math.Exp2(float64(key) / 8))
	}
	around(0)
	return all
}

func TestEachBucketIsLikeClientGolangs(t *testing.T) {
	t.Parallel()
	all, allOracle := new(latency.Histogram), newOracle()
	for _, d := range edges() {
		h, oracle := new(latency.Histogram), newOracle()
		h.Observe(d)
		oracle.Observe(d.Seconds())
		all.Observe(d)
		allOracle.Observe(d.Seconds())
		if wantLikeOracle(t, h, oracle); t.Failed() {
			t.Fatalf("for %d ns", d)
		}
	}
	wantLikeOracle(t, all, allOracle)
}

func TestManyDurationsAreLikeClientGolangs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
		h, oracle := new(latency.Histogram), newOracle()
		for range random.IntN(2000) {
			d := time.Duration(math.Exp(random.Float64() * math.Log(float64(longest))))
			h.Observe(d)
			oracle.Observe(d.Seconds())
		}
		if wantLikeOracle(t, h, oracle); t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// FuzzBuckets compares single durations.
func FuzzBuckets(f *testing.F) {
	for _, d := range []time.Duration{0, 1, zero, zero + 1, time.Millisecond, time.Second, longest} {
		f.Add(int64(d))
	}
	f.Fuzz(func(t *testing.T, n int64) {
		d := time.Duration(n)
		if d < 0 || d > longest {
			return // what follows for these is client_golang's no more
		}
		h, oracle := new(latency.Histogram), newOracle()
		h.Observe(d)
		oracle.Observe(d.Seconds())
		wantLikeOracle(t, h, oracle)
	})
}

// Prometheus refuses the same exemplars.
func TestExemplarsAreLikeClientGolangs(t *testing.T) {
	t.Parallel()
	long := prometheus.Labels{"trace_id": ""}
	for len(long["trace_id"]) < prometheus.ExemplarMaxRunes-len("trace_id") {
		long["trace_id"] += "x"
	}
	tooLong := prometheus.Labels{"trace_id": long["trace_id"] + "x"}
	for name, labels := range map[string]prometheus.Labels{
		"one label": {"trace_id": "4bf92f35"}, "two labels": {"trace_id": "1", "span_id": "2"}, "none": {},
		"no name": {"": "x"}, "reserved name": {"__name__": "x"}, "broken name": {"a\xff": "x"}, "any name": {"trace id": "ä"},
		"broken value": {"a": "\xff"}, "as long as may be": long, "longer": tooLong,
	} {
		for _, d := range []time.Duration{time.Millisecond, time.Minute} { // in a bucket with a bound, and without
			h, oracle := new(latency.Histogram), newOracle()
			err := h.ObserveWith(labels, d)
			if want := observe(oracle, d, labels); fmt.Sprint(err) != fmt.Sprint(want) {
				t.Errorf("%s: error %v, want %v", name, err, want)
			}
			ours, theirs := new(dto.Histogram), new(dto.Metric)
			h.Write(ours)
			if err := oracle.Write(theirs); err != nil {
				t.Fatal(err)
			}
			want := theirs.GetHistogram().GetBucket()
			if len(ours.GetBucket()) != len(want) || ours.GetSampleCount() != 1 {
				t.Fatalf("%s: %d buckets and count %d, want %d and 1", name, len(ours.GetBucket()), ours.GetSampleCount(), len(want))
			}
			for i, b := range ours.GetBucket() {
				if got, want := describe(b), describe(want[i]); got != want {
					t.Errorf("%s: bucket %s, want %s", name, got, want)
				}
			}
			if got := len(ours.GetExemplars()); (got == 1) != (err == nil) {
				t.Errorf("%s: %d native exemplars with error %v", name, got, err)
			}
		}
	}
}

func observe(h prometheus.Histogram, d time.Duration, labels prometheus.Labels) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	h.(prometheus.ExemplarObserver).ObserveWithExemplar(d.Seconds(), labels)
	return nil
}

// describe describes a bucket without the time of its exemplar.
func describe(b *dto.Bucket) string {
	labels := map[string]string{}
	for _, pair := range b.GetExemplar().GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return fmt.Sprint(b.GetUpperBound(), b.GetCumulativeCount(), b.GetExemplar().GetValue(), labels)
}
