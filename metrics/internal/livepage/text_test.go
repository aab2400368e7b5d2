package livepage_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

func TestPageWritesNumbersForReaders(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1: "-1", -123: "-123", -1234: "-1,234"} {
		if got := livepage.Grouped(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	for share, want := range map[float64]string{0: "0 %", 1: "100.0 %", 0.3333: "33.3 %", 0.00512: "0.51 %", 0.0001: "0.010 %", 1e-7: "< 0.001 %"} {
		if got := livepage.Percent(share); got != want {
			t.Errorf("%v is written %q, want %q", share, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59999 * time.Millisecond: "59s", 2*time.Minute + 13*time.Second: "2m13s",
		time.Hour + 62*time.Second: "1h01m", 23*time.Hour + 59*time.Minute: "23h59m", 49 * time.Hour: "2d01h",
	} {
		if got := livepage.Elapsed(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
