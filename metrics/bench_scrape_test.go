package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// BenchmarkScrape compares scrapes of the series of 10,000 backends, as promhttp serves
// them in the text format: from vectors of client_golang in a registry, from a Metrics
// in a registry, from a Metrics that is gathered beside a registry, and from one that is
// gathered alone. It takes turns and reports the medians, and the least times, which are
// those with the least other load. The ratios are to the vectors.
func BenchmarkScrape(b *testing.B) {
	const backends = 10_000
	m := newFleet(b, backends)
	registry, vectors := prometheus.NewRegistry(), prometheus.NewRegistry()
	registry.MustRegister(m)
	vectors.MustRegister(newVectors(backends)...)
	variants := []struct {
		name string
		from prometheus.Gatherer
	}{
		{"vectors", vectors}, {"registry", registry},
		{"gatherers", prometheus.Gatherers{prometheus.NewRegistry(), m}}, {"alone", m},
	}
	costs := make([][]scrapeCost, len(variants))
	for b.Loop() {
		for i, v := range variants {
			costs[i] = append(costs[i], costOf(v.from))
		}
	}
	b.ReportMetric(0, "ns/op") // the time of all together is meaningless
	ms := func(c scrapeCost) float64 { return c.took.Seconds() * 1e3 }
	for i, v := range variants {
		b.ReportMetric(medianOf(costs[i], ms), "ms/"+v.name)
		b.ReportMetric(leastOf(costs[i], ms), "ms-least/"+v.name)
		b.ReportMetric(medianOf(costs[i], func(c scrapeCost) float64 { return c.bytes / 1e6 }), "MB/"+v.name)
		b.ReportMetric(medianOf(costs[i], func(c scrapeCost) float64 { return c.allocs / 1e3 }), "kallocs/"+v.name)
		if i > 0 {
			b.ReportMetric(medianOf(costs[i], ms)/medianOf(costs[0], ms), "ratio/"+v.name)
			b.ReportMetric(leastOf(costs[i], ms)/leastOf(costs[0], ms), "ratio-least/"+v.name)
		}
	}
}

// newFleet returns a Metrics with one target, whose backends have had an RPC each.
func newFleet(tb testing.TB, backends int, opts ...metrics.Option) *metrics.Metrics {
	tb.Helper()
	m := metrics.New(append(opts, metrics.WithMaxBackends(0))...)
	_, picker := newRotation(tb, m, backends, nil)
	for range backends {
		pickDone(picker)
	}
	return m
}

type scrapeCost struct {
	took          time.Duration
	bytes, allocs float64
}

// costOf serves one scrape.
func costOf(g prometheus.Gatherer) scrapeCost {
	handler := promhttp.HandlerFor(g, promhttp.HandlerOpts{})
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	runtime.GC() // of what the others have left
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	handler.ServeHTTP(discard{}, request)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return scrapeCost{took, float64(after.TotalAlloc - before.TotalAlloc), float64(after.Mallocs - before.Mallocs)}
}

// discard is a response that is not kept.
type discard struct{}

func (discard) Header() http.Header         { return make(http.Header) }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func medianOf[T any](all []T, of func(T) float64) float64 {
	xs := valuesOf(all, of)
	slices.Sort(xs)
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}

func leastOf[T any](all []T, of func(T) float64) float64 { return slices.Min(valuesOf(all, of)) }

func valuesOf[T any](all []T, of func(T) float64) []float64 {
	xs := make([]float64, len(all))
	for i, x := range all {
		xs[i] = of(x)
	}
	return xs
}

// newVectors returns vectors with the series of a Metrics of newFleet, but for those of
// its target.
func newVectors(backends int) []prometheus.Collector {
	labels := []string{"grpc_lb_backend", "grpc_lb_policy", "grpc_target"}
	var all []prometheus.Collector
	var of []func(values ...string) // makes the series of a backend
	counter := func(name string, more ...string) {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpc_lb_" + name, Help: name}, labels)
		if len(more) > 0 {
			v = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpc_lb_" + name, Help: name}, append(labels[:3:3], "grpc_status"))
		}
		all = append(all, v)
		of = append(of, func(values ...string) { v.WithLabelValues(append(values, more...)...).Inc() })
	}
	gauge := func(name string) {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grpc_lb_" + name, Help: name}, labels)
		all = append(all, v)
		of = append(of, func(values ...string) { v.WithLabelValues(values...).Inc() })
	}
	for _, name := range []string{
		"picks_total", "repicks_total", "rpc_attempts_failed_total", "disconnections_total",
		"connection_attempts_succeeded_total", "connection_attempts_failed_total",
	} {
		counter(name)
	}
	counter("rpc_attempts_total", "OK")
	for _, name := range []string{"rpc_attempts_in_flight", "ready_subchannels", "usable_subchannels"} {
		gauge(name)
	}
	for i := range backends {
		for _, series := range of {
			series(fmt.Sprintf("10.0.%d.%d:443", i/256, i%256), "stub", balancertest.Target)
		}
	}
	return all
}
