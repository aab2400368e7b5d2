package metrics_test

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// seriesPerBackend is how many series a backend of newFleet has.
const seriesPerBackend = 10

// newFailingFleet returns a fleet in which all backends but the first have a series more:
// of a status code that is not OK.
func newFailingFleet(t *testing.T, backends int) *metrics.Metrics {
	t.Helper()
	m := metrics.New()
	_, picker := newRotation(t, m, backends, nil) // begins with the second
	for range backends - 1 {
		res, err := picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatalf("Pick: %v", err)
		}
		res.Done(balancer.DoneInfo{Err: errSick, BytesSent: true})
	}
	return m
}

// perSeries returns what a scrape allocates for each further series. A Metrics without
// backends does not count, so fleets of two sizes are compared.
func perSeries(t *testing.T, fleet func(*testing.T, int) *metrics.Metrics, scrape func(*metrics.Metrics)) (allocs, bytes float64) {
	t.Helper()
	const small, large = 1000, 4000
	of := func(backends int) (allocs, bytes float64) {
		m := fleet(t, backends)
		const runs = 5
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		allocs = testing.AllocsPerRun(runs, func() { scrape(m) })
		runtime.ReadMemStats(&after)
		return allocs, float64(after.TotalAlloc-before.TotalAlloc) / (runs + 1)
	}
	allocs, bytes = of(large)
	fewerAllocs, fewerBytes := of(small)
	const n = (large - small) * seriesPerBackend
	return (allocs - fewerAllocs) / n, (bytes - fewerBytes) / n
}

// client_golang's vectors in a registry take 4 allocations and 280 bytes. Not parallel:
// it counts allocations.
func TestScrapesAllocateLittleForEachSeries(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes other allocations")
	}
	discard := make(chan prometheus.Metric)
	defer close(discard)
	go func() { // a registry that keeps nothing
		for range discard {
			continue
		}
	}()
	calm := func(t *testing.T, backends int) *metrics.Metrics { return newFleet(t, backends) }
	gather := func(m *metrics.Metrics) { _, _ = m.Gather() }
	tests := []struct {
		name               string
		fleet              func(*testing.T, int) *metrics.Metrics
		scrape             func(*metrics.Metrics)
		maxAllocs, maxSize float64
	}{
		{"Gather", calm, gather, .01, 165},
		{"Gather of backends that fail", newFailingFleet, gather, .01, 200},
		{"Collect", calm, func(m *metrics.Metrics) { m.Collect(discard) }, .01, 95},
		// Two of a registry's own: the dto.Metric and a hash.
		{"a registry", calm, func(m *metrics.Metrics) { gatherFamiliesOf(m) }, 2.02, 330},
		// One of its own: the hash.
		{"Gatherers", calm, func(m *metrics.Metrics) { _, _ = prometheus.Gatherers{m}.Gather() }, 1.02, 290},
	}
	for _, tt := range tests {
		allocs, bytes := perSeries(t, tt.fleet, tt.scrape)
		t.Logf("%s: %.4f allocations and %.0f bytes for each series", tt.name, allocs, bytes)
		if allocs > tt.maxAllocs || bytes > tt.maxSize {
			t.Errorf("%s: %.4f allocations and %.0f bytes for each series, want at most %v and %v",
				tt.name, allocs, bytes, tt.maxAllocs, tt.maxSize)
		}
	}
}

func gatherFamiliesOf(c prometheus.Collector) []*dto.MetricFamily {
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	return r.MustGather()
}

// BenchmarkScrape compares like with like.
func TestTheVectorsOfTheBenchmarkHaveTheSeriesOfAFleet(t *testing.T) {
	t.Parallel()
	const backends = 3
	r := prometheus.NewRegistry()
	r.MustRegister(newVectors(backends)...)
	want, got := seriesOf(mustGather(t, newFleet(t, backends))), seriesOf(mustGather(t, r))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-Metrics +vectors):\n%s", diff)
	}
	if len(want) != backends*seriesPerBackend {
		t.Errorf("%d series for %d backends, want %d for each", len(want), backends, seriesPerBackend)
	}
}

// seriesOf returns the series of backends by name and labels.
func seriesOf(families []*dto.MetricFamily) []string {
	all := make(map[string]bool)
	for _, f := range families {
		for _, m := range f.Metric {
			if labels := labelsOf(m); strings.Contains(labels, "grpc_lb_backend=") {
				all[f.GetName()+" "+labels] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}
