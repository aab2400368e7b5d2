package grpcinstruments_test

import (
	"fmt"
	"slices"
	"testing"

	estats "google.golang.org/grpc/experimental/stats"
)

// recorder is gRPC's own. It notes what it gets.
type recorder struct {
	estats.UnimplementedMetricsRecorder
	got []string
}

func (r *recorder) note(kind string, d *estats.MetricDescriptor, v any, labels []string) {
	r.got = append(r.got, fmt.Sprint(kind, " ", d.Name, " ", v, " ", labels))
}

func (r *recorder) RecordInt64Count(h *estats.Int64CountHandle, v int64, labels ...string) {
	r.note("int count", h.Descriptor(), v, labels)
}

func (r *recorder) RecordFloat64Count(h *estats.Float64CountHandle, v float64, labels ...string) {
	r.note("float count", h.Descriptor(), v, labels)
}

func (r *recorder) RecordInt64Histo(h *estats.Int64HistoHandle, v int64, labels ...string) {
	r.note("int histo", h.Descriptor(), v, labels)
}

func (r *recorder) RecordFloat64Histo(h *estats.Float64HistoHandle, v float64, labels ...string) {
	r.note("float histo", h.Descriptor(), v, labels)
}

func (r *recorder) RecordInt64Gauge(h *estats.Int64GaugeHandle, v int64, labels ...string) {
	r.note("gauge", h.Descriptor(), v, labels)
}

func (r *recorder) RecordInt64UpDownCount(h *estats.Int64UpDownCountHandle, v int64, labels ...string) {
	r.note("up-down", h.Descriptor(), v, labels)
}

func (r *recorder) RegisterAsyncReporter(reporter estats.AsyncMetricReporter, metrics ...estats.AsyncMetric) func() {
	for _, m := range metrics {
		r.note("async", m.Descriptor(), reporter != nil, nil)
	}
	return func() { r.got = append(r.got, "stop") }
}

// gRPC's own recorder gets everything, of the set or not, also from a policy that
// is closed.
func TestGRPCsOwnRecorderGetsEverything(t *testing.T) {
	t.Parallel()
	scope := newSet("test.cost", "test.depth").NewScope()
	own := &recorder{}
	r := scope.Tee(own)
	record := func() {
		calls.Record(r, 1, "a", "b", "c")
		cost.Record(r, .5, "a")
		cost.Record(r, 1) // it may complain
		sizes.Record(r, 2, "a")
		waits.Record(r, 1.5, "a")
		level.Record(r, 3, "a")
		open.Record(r, -4, "a")
		r.RegisterAsyncReporter(estats.AsyncMetricReporterFunc(nothing), depth, width)()
	}
	record()
	scope.Close()
	record()
	want := []string{
		"int count test.calls 1 [a b c]",
		"float count test.cost 0.5 [a]",
		"float count test.cost 1 []",
		"int histo test.sizes 2 [a]",
		"float histo test.waits 1.5 [a]",
		"gauge test.level 3 [a]",
		"up-down test.open -4 [a]",
		"async test.depth true []",
		"async test.width true []",
		"stop",
	}
	if want = slices.Concat(want, want); !slices.Equal(own.got, want) {
		t.Errorf("gRPC's recorder got\n%q, want\n%q", own.got, want)
	}
}

func nothing(estats.AsyncMetricsRecorder) error { return nil }
