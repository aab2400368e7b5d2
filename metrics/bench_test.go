package metrics_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// BenchmarkPickDone is one pick with the end of its RPC, with and without the
// decorator.
func BenchmarkPickDone(b *testing.B) {
	noop := func(balancer.DoneInfo) {}
	for _, size := range []int{3, 10_000} {
		bare, instrumented := newRotation(b, metrics.New(), size, nil)
		bareDone, instrumentedDone := newRotation(b, metrics.New(), size, noop)
		_, timed := newRotation(b, metrics.New(metrics.WithLatency()), size, nil)
		for range size { // histograms are made with the first RPC
			pickDone(timed)
		}
		for _, v := range []struct {
			name   string
			picker balancer.Picker
		}{
			{"bare", bare}, {"metered", instrumented}, {"metered with latency", timed},
			{"bare, own Done", bareDone}, {"metered, own Done", instrumentedDone},
		} {
			b.Run(fmt.Sprintf("%d/%s/serial", size, v.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					pickDone(v.picker)
				}
			})
			b.Run(fmt.Sprintf("%d/%s/parallel", size, v.name), func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						pickDone(v.picker)
					}
				})
			})
		}
	}
}

func pickDone(p balancer.Picker) {
	res, _ := p.Pick(balancer.PickInfo{})
	if res.Done != nil {
		res.Done(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
	}
}

// BenchmarkScrape compares a scrape of the series per backend with one of the
// same series in Prometheus's vectors.
func BenchmarkScrape(b *testing.B) {
	const backends = 10_000
	b.Run("metered", func(b *testing.B) {
		m := metrics.New()
		_, picker := newRotation(b, m, backends, nil)
		for range backends {
			pickDone(picker)
		}
		benchmarkGather(b, m)
	})
	b.Run("vectors", func(b *testing.B) { benchmarkGather(b, newVectors(backends)...) })
}

func benchmarkGather(b *testing.B, collectors ...prometheus.Collector) {
	b.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(collectors...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}

func newVectors(backends int) []prometheus.Collector {
	labels := []string{"grpc_lb_backend", "grpc_lb_policy", "grpc_target"}
	counter := func(name string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: name}, append(labels[:3:3], more...))
	}
	gauge := func(name string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: name}, labels)
	}
	picks, repicks, lost := counter("picks_total"), counter("repicks_total"), counter("disconnections_total")
	rpcs, connects := counter("rpcs_total", "grpc_code"), counter("connection_attempts_total", "result")
	inFlight, readyNow := gauge("rpcs_in_flight"), gauge("backend_ready")
	for i := range backends {
		l := []string{fmt.Sprintf("10.0.%d.%d:443", i/256, i%256), "stub", balancertest.Target}
		for _, v := range []*prometheus.CounterVec{picks, repicks, lost} {
			v.WithLabelValues(l...)
		}
		rpcs.WithLabelValues(append(l[:3:3], "OK")...)
		connects.WithLabelValues(append(l[:3:3], "success")...)
		connects.WithLabelValues(append(l[:3:3], "failure")...)
		inFlight.WithLabelValues(l...)
		readyNow.WithLabelValues(l...)
	}
	return []prometheus.Collector{picks, repicks, lost, rpcs, connects, inFlight, readyNow}
}
