package grpcinstruments

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	estats "google.golang.org/grpc/experimental/stats"
)

// series is one series of a family.
type series struct {
	kind   estats.MetricType
	values []string // of the labels

	// The kind decides which of these is set.
	counter   prometheus.Counter
	gauge     prometheus.Gauge
	histogram prometheus.Observer

	// Guarded by Set.mu.
	holders   int       // entries in the tables of scopes; one scope may have several
	idleSince time.Time // when holders became 0
}

// newSeries makes a series in the family's vector.
func (f *family) newSeries(values []string) *series {
	s := &series{kind: f.descriptor.Type, values: values}
	switch {
	case f.counters != nil:
		s.counter = f.counters.WithLabelValues(values...)
	case f.gauges != nil:
		s.gauge = f.gauges.WithLabelValues(values...)
	case f.histograms != nil:
		s.histogram = f.histograms.WithLabelValues(values...)
	}
	return s
}

// record records a value. A counter ignores negative values, because a decrease would
// look like a restart.
func (s *series) record(v float64) {
	switch s.kind {
	case estats.MetricTypeIntCount, estats.MetricTypeFloatCount:
		if v >= 0 {
			s.counter.Add(v)
		}
	case estats.MetricTypeIntGauge:
		s.gauge.Set(v)
	case estats.MetricTypeIntUpDownCount:
		s.gauge.Add(v)
	case estats.MetricTypeIntHisto, estats.MetricTypeFloatHisto:
		s.histogram.Observe(v)
	}
}

// openLocked returns the series for the values and makes it if there is none. Above
// the limit it returns the series for all others or, for a gauge, nil, because the
// last of many values says nothing. Expired series do not count towards the limit.
// Set.mu is held.
func (f *family) openLocked(values []string, now time.Time, retention time.Duration) (s *series, folded bool) {
	k := key(values)
	if k == f.otherKey {
		return f.otherLocked(), false
	}
	if s, ok := f.series[k]; ok {
		return s, false
	}
	if len(f.series) >= f.max {
		f.expireLocked(now, retention)
	}
	if len(f.series) >= f.max {
		if f.descriptor.Type == estats.MetricTypeIntGauge {
			return nil, true
		}
		return f.otherLocked(), true
	}
	s = f.newSeries(values)
	f.series[k] = s
	return s, false
}

// otherLocked returns the series for all records above the limit. It never expires.
func (f *family) otherLocked() *series {
	if f.other == nil {
		f.other = f.newSeries(slices.Repeat([]string{otherValue}, len(f.labels)))
	}
	return f.other
}

// releaseLocked ends one hold on one of the family's series. Set.mu is held.
func (f *family) releaseLocked(s *series, now time.Time, retention time.Duration) {
	s.holders--
	if s.holders == 0 {
		s.idleSince = now
		f.expectExpiryLocked(now.Add(retention))
	}
}

func (f *family) expectExpiryLocked(at time.Time) {
	if f.nextExpiry.IsZero() || at.Before(f.nextExpiry) {
		f.nextExpiry = at
	}
}

// expireLocked drops the series that nobody holds and whose retention has passed.
// Above the limit, each record calls it, so it looks at the series only when one
// may have expired.
func (f *family) expireLocked(now time.Time, retention time.Duration) {
	if f.nextExpiry.IsZero() || now.Before(f.nextExpiry) {
		return
	}
	f.nextExpiry = time.Time{}
	for k, s := range f.series {
		switch {
		case s.holders > 0:
		case now.Sub(s.idleSince) < retention:
			f.expectExpiryLocked(s.idleSince.Add(retention))
		default:
			delete(f.series, k)
			f.vector().DeleteLabelValues(s.values...)
		}
	}
}
