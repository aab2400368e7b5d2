package grpcinstruments

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	estats "google.golang.org/grpc/experimental/stats"
)

// reporter reports the values of asynchronous gauges. A policy has registered it.
type reporter struct {
	estats.AsyncMetricReporter
	scope    *Scope
	families map[*estats.MetricDescriptor]*family // that it may report
}

// register adds a reporter. It returns a function that removes it, which may be
// called more than once.
func (sc *Scope) register(r estats.AsyncMetricReporter, metrics []estats.AsyncMetric) func() {
	own := &reporter{AsyncMetricReporter: r, scope: sc, families: make(map[*estats.MetricDescriptor]*family)}
	for _, m := range metrics {
		if f, ok := sc.set.family(m.Descriptor()); ok && f.async != nil {
			own.families[f.descriptor] = f
		}
	}
	sc.set.mu.Lock()
	defer sc.set.mu.Unlock()
	if len(own.families) == 0 || sc.closed {
		return func() {}
	}
	sc.set.reporters = append(sc.set.reporters, own)
	return func() {
		sc.set.mu.Lock()
		defer sc.set.mu.Unlock()
		sc.set.dropReportersLocked(func(r *reporter) bool { return r == own })
	}
}

func (s *Set) dropReportersLocked(drop func(*reporter) bool) {
	s.reporters = slices.DeleteFunc(s.reporters, drop)
}

// collectAsync asks for values and sends them.
func (s *Set) collectAsync(reporters []*reporter, ch chan<- prometheus.Metric) {
	seen := make(observations)
	for _, r := range reporters {
		// gRPC's own recorder ignores the error, too. It means only that some values
		// are missing.
		_ = r.Report(&observer{reporter: r, seen: seen})
	}
	for f, values := range seen {
		for _, o := range values {
			ch <- prometheus.MustNewConstMetric(f.async, prometheus.GaugeValue, o.value, o.labels...)
		}
	}
}

// observations are the values of one scrape, by the key of the label values. A later
// value replaces an earlier one with the same label values, as with OpenTelemetry: a
// scrape must not have both.
type observations map[*family]map[string]observation

type observation struct {
	labels []string
	value  float64
}

// observer takes the values of one reporter. It is used by one goroutine.
type observer struct {
	*reporter
	seen observations
}

// RecordInt64AsyncGauge implements [estats.AsyncMetricsRecorder]. It leaves out
// values above the limit.
func (o *observer) RecordInt64AsyncGauge(h *estats.Int64AsyncGaugeHandle, v int64, labels ...string) {
	f, ok := o.families[h.Descriptor()]
	if !ok || !f.accepts(labels) {
		return
	}
	if o.seen[f] == nil {
		o.seen[f] = make(map[string]observation)
	}
	values := f.values(labels)
	k := key(values)
	if _, again := o.seen[f][k]; again || len(o.seen[f]) < f.max {
		o.seen[f][k] = observation{values, float64(v)}
	}
}
