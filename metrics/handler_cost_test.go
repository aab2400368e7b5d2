package metrics_test

import (
	"net/http"
	"runtime"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Not parallel: it measures allocations. A page that read the 10,000 backends would
// allocate megabytes more.
func TestATargetCostsThePageNothingForItsNeighbours(t *testing.T) {
	alone, beside := metrics.New(), metrics.New()
	for _, m := range []*metrics.Metrics{alone, beside} {
		small(t, m)
	}
	crowd(t, beside, 10_000)
	for query, want := range map[string]int{
		"target=test:///small":             http.StatusOK,
		"target=test:///small&format=json": http.StatusOK,
		"target=test:///small&policy=x":    http.StatusBadRequest,
		"target=test:///none":              http.StatusBadRequest,
	} {
		const runs = 50
		cost := func(m *metrics.Metrics) (bytes, allocs int64) {
			request(t, m, query) // to fill pools
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				if w := request(t, m, query); w.Code != want {
					t.Fatalf("%s: status %d, want %d", query, w.Code, want)
				}
			}
			runtime.ReadMemStats(&after)
			return int64(after.TotalAlloc-before.TotalAlloc) / runs, int64(after.Mallocs-before.Mallocs) / runs
		}
		aloneBytes, aloneAllocs := cost(alone)
		bytes, allocs := cost(beside)
		if more := bytes - aloneBytes; more > 32<<10 {
			t.Errorf("%s: %d bytes more beside 10,000 backends than the %d alone, want less than 32 KiB", query, more, aloneBytes)
		}
		if more := allocs - aloneAllocs; more > 200 {
			t.Errorf("%s: %d allocations more beside 10,000 backends than the %d alone, want less than 200", query, more, aloneAllocs)
		}
	}
}

// Not parallel: it measures allocations. The status of 10,000 backends takes megabytes,
// which each answer finds where the one before left them.
func TestAPageOfTenThousandBackendsAllocatesLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	m := metrics.New()
	crowd(t, m, 10_000)
	small(t, m) // so that there is memory for two targets, of which one needs little
	for _, query := range []string{"", "sort=errors", "sort=backend&dir=desc", "sort=latency", "format=json&page=1"} {
		request(t, m, query) // to fill pools
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const n = 10
		for range n {
			request(t, m, query)
		}
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) / n; got > 850_000 {
			t.Errorf("%s: %d bytes for an answer, want at most 850,000", query, got)
		}
	}
}

// small gives m a target with two backends.
func small(tb testing.TB, m *metrics.Metrics) {
	tb.Helper()
	list(tb, m, "test:///small", "p", atOnce, listed{name: "a", states: up}, listed{name: "b", states: up})
}
