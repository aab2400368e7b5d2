package wording_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

func TestPageWritesNumbersForReaders(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1: "-1", -123: "-123", -1234: "-1,234"} {
		if got := wording.Grouped(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	for share, want := range map[float64]string{0: "0 %", 1: "100.0 %", 0.3333: "33.3 %", 0.00512: "0.51 %", 0.0001: "0.010 %", 1e-7: "< 0.001 %"} {
		if got := wording.FinePercent(share); got != want {
			t.Errorf("%v is written %q, want %q", share, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 ms", 80 * time.Microsecond: "80 µs", time.Millisecond: "1 ms", 2500 * time.Microsecond: "2.5 ms", 12300 * time.Microsecond: "12 ms",
		850 * time.Millisecond: "850 ms", time.Second: "1 s", 1340 * time.Millisecond: "1.3 s", 12300 * time.Millisecond: "12 s",
	} {
		if got := wording.Latency(d); got != want {
			t.Errorf("a latency of %v is written %q, want %q", d, got, want)
		}
	}
	for rate, want := range map[float64]string{0: "0", 0.0123: "0.01", 0.25: "0.2", 3: "3", 4.56: "4.6", 99.5: "100", 1234.4: "1,234"} {
		if got := wording.Rate(rate); got != want {
			t.Errorf("%v per second is written %q, want %q", rate, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59999 * time.Millisecond: "59s", 2*time.Minute + 13*time.Second: "2m13s",
		time.Hour + 62*time.Second: "1h01m", 23*time.Hour + 59*time.Minute: "23h59m", 49 * time.Hour: "2d01h",
	} {
		if got := wording.Elapsed(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
