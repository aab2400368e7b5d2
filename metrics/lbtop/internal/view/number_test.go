package view_test

import (
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/view"
)

// row returns the cells of a backend with the window.
func row(t *testing.T, w *fetch.Window) []string {
	t.Helper()
	p := newPage(greeter)
	b := usable("a", "ok")
	b.Target, b.Policy, b.Recent.Short = greeter, robin, w
	p.Backends = append(p.Backends, b)
	lines := view.Print(merge([]poll.Client{p.client("c")}), 0, now)
	return strings.Fields(strings.NewReplacer(" %", "%", " ms", "ms", " µs", "µs", " s", "s", " of ", "/").Replace(lines[len(lines)-1].Plain()))
}

func TestRatesAreShownWithFewDigits(t *testing.T) {
	t.Parallel()
	for rps, want := range map[float64]string{0: "0", 0.01: "<0.1", 0.05: "0.1", 3.14: "3.1", 9.94: "9.9", 9.96: "10", 123.4: "123", 1234567: "1,234,567", 999: "999", 1000: "1,000"} {
		if got := row(t, &fetch.Window{RPS: rps})[4]; got != want {
			t.Errorf("%v: %s, want %s", rps, got, want)
		}
	}
	if got := row(t, nil); got[4] != "-" || got[5] != "-" || got[6] != "-" || got[7] != "-" {
		t.Errorf("without samples: %q", got)
	}
}

func TestErrorsAreShownAsAShare(t *testing.T) {
	t.Parallel()
	for failed, want := range map[float64]string{0: "0%", 0.0001: "<0.1%", 0.001: "0.1%", 0.1234: "12.3%", 1: "100.0%"} {
		success := 1 - failed
		if got := row(t, &fetch.Window{RPS: 100, ErrorsPerSecond: 100 * failed, SuccessRate: &success})[5]; got != want {
			t.Errorf("%v: %s, want %s", failed, got, want)
		}
	}
}

func TestLatenciesAreShownWithThreeDigits(t *testing.T) {
	t.Parallel()
	for p99, want := range map[float64]string{
		0.0000123: "12µs", 0.0009994: "999µs", 0.0009996: "1.00ms", 0.00999: "9.99ms", 0.01234: "12.3ms", 0.09996: "100ms",
		0.9994: "999ms", 0.9996: "1.00s", 9.994: "9.99s", 12.3: "12s",
	} {
		if got := row(t, &fetch.Window{RPS: 1, Latency: &fetch.Latency{Count: 1, P99: p99}})[6]; got != want {
			t.Errorf("%v: %s, want %s", p99, got, want)
		}
	}
	if got := row(t, &fetch.Window{RPS: 1, Latency: &fetch.Latency{Mean: 0.002, Estimated: true}})[6]; got != "~2.00ms" {
		t.Errorf("an estimate is shown as %s", got)
	}
}
