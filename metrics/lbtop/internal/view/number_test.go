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

// One client counts subchannels, which are one for each of its channels.
func TestUsableCountsSubchannelsOfOneClientAndElseClients(t *testing.T) {
	t.Parallel()
	b := usable("a", "ok")
	b.Subchannels, b.Usable = 5, 3
	one := newPage(greeter).has(b, 1, 0).client("one:1")
	for want, clients := range map[string][]poll.Client{"3 of 5": {one}, "2 of 2": {one, one}} {
		lines := view.Print(merge(clients), 0, now)
		if got := lines[len(lines)-1].Plain(); !strings.Contains(got, "  "+want+"  ") {
			t.Errorf("%d clients: %q, want %s", len(clients), got, want)
		}
	}
}

func TestStateTellsHowManySeeItUnlessAllDo(t *testing.T) {
	t.Parallel()
	client := func(b fetch.Backend) poll.Client { return newPage(greeter).has(b, 1, 0).client("c:1") }
	ok := client(usable("a", "ok"))
	for want, c := range map[string]poll.Client{
		"slow": client(usable("a", "slow")), "ERRING": client(usable("a", "erring")), "DOWN": client(down("a", 0)), "UNUSABLE unhealthy": client(sick("a")),
	} {
		for _, tt := range []struct {
			clients []poll.Client
			want    string
		}{{[]poll.Client{c, c}, want}, {[]poll.Client{c, ok}, strings.TrimSuffix(want, " unhealthy") + " at 1"}} {
			lines := view.Print(merge(tt.clients), 0, now)
			if got := lines[len(lines)-1].Plain(); !strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(got, "a"), " "), tt.want+"  ") {
				t.Errorf("got %q, want %s", got, tt.want)
			}
		}
	}
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
