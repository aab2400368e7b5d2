package grpcinstruments

import (
	estats "google.golang.org/grpc/experimental/stats"
)

// tee records in a scope what it passes on. Methods that it does not know go to
// the embedded recorder.
type tee struct {
	estats.MetricsRecorder
	scope *Scope
}

// Tee returns a recorder that passes everything on to next and records it in the
// scope, too. A nil Scope returns next.
func (sc *Scope) Tee(next estats.MetricsRecorder) estats.MetricsRecorder {
	if sc == nil {
		return next
	}
	return &tee{MetricsRecorder: next, scope: sc}
}

// RecordInt64Count implements [estats.MetricsRecorder], like the methods below.
func (t *tee) RecordInt64Count(h *estats.Int64CountHandle, v int64, labels ...string) {
	t.MetricsRecorder.RecordInt64Count(h, v, labels...)
	t.scope.record(h.Descriptor(), float64(v), labels)
}

func (t *tee) RecordFloat64Count(h *estats.Float64CountHandle, v float64, labels ...string) {
	t.MetricsRecorder.RecordFloat64Count(h, v, labels...)
	t.scope.record(h.Descriptor(), v, labels)
}

func (t *tee) RecordInt64Histo(h *estats.Int64HistoHandle, v int64, labels ...string) {
	t.MetricsRecorder.RecordInt64Histo(h, v, labels...)
	t.scope.record(h.Descriptor(), float64(v), labels)
}

func (t *tee) RecordFloat64Histo(h *estats.Float64HistoHandle, v float64, labels ...string) {
	t.MetricsRecorder.RecordFloat64Histo(h, v, labels...)
	t.scope.record(h.Descriptor(), v, labels)
}

func (t *tee) RecordInt64Gauge(h *estats.Int64GaugeHandle, v int64, labels ...string) {
	t.MetricsRecorder.RecordInt64Gauge(h, v, labels...)
	t.scope.record(h.Descriptor(), float64(v), labels)
}

func (t *tee) RecordInt64UpDownCount(h *estats.Int64UpDownCountHandle, v int64, labels ...string) {
	t.MetricsRecorder.RecordInt64UpDownCount(h, v, labels...)
	t.scope.record(h.Descriptor(), float64(v), labels)
}

func (t *tee) RegisterAsyncReporter(r estats.AsyncMetricReporter, metrics ...estats.AsyncMetric) func() {
	stopNext := t.MetricsRecorder.RegisterAsyncReporter(r, metrics...)
	stop := t.scope.register(r, metrics)
	return func() {
		stopNext()
		stop()
	}
}
