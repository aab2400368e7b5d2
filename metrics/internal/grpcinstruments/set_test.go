package grpcinstruments_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	estats "google.golang.org/grpc/experimental/stats"
)

// What cannot be exported, each for its reason. Without a check most of them
// would panic in a pick, or make the whole collector impossible to register.
var unfit = []*estats.Int64CountHandle{
	estats.RegisterInt64Count(estats.MetricDescriptor{Name: "bad.reserved", Labels: []string{"__name__"}}),
	estats.RegisterInt64Count(estats.MetricDescriptor{Name: "bad.twice", Labels: []string{"a.b"}, OptionalLabels: []string{"a_b"}}),
	estats.RegisterInt64Count(estats.MetricDescriptor{Name: "test-cost", Unit: "s"}), // has the name of test.cost
}

var unfitHistograms = []*estats.Float64HistoHandle{
	estats.RegisterFloat64Histo(estats.MetricDescriptor{Name: "..."}),
	estats.RegisterFloat64Histo(estats.MetricDescriptor{Name: "bad.bounds", Bounds: []float64{1, 1}}),
	estats.RegisterFloat64Histo(estats.MetricDescriptor{Name: "bad.le", Labels: []string{"le"}}),
}

func TestInstrumentsThatCannotBeExportedAreLeftOut(t *testing.T) {
	t.Parallel()
	names := []string{"test.cost", "test.cost", "nobody.registers.it"}
	for _, h := range unfit {
		names = append(names, h.Name)
	}
	for _, h := range unfitHistograms {
		names = append(names, h.Name)
	}
	set := newSetWith(names, "a_b")
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	for _, h := range unfit {
		h.Record(r, 1, make([]string, len(h.Labels)+len(h.OptionalLabels))...)
	}
	for _, h := range unfitHistograms {
		h.Record(r, 1, make([]string, len(h.Labels))...)
	}
	cost.Record(r, 1, "a")
	wantSeries(t, set, "test_cost_seconds_total{} 1") // of test-cost, which is looked up first
}

func TestUnregister(t *testing.T) {
	t.Parallel()
	set := newSet(all...)
	r := prometheus.NewRegistry()
	r.MustRegister(set)
	scope := set.NewScope()
	defer scope.Close()
	cost.Record(scope.Tee(nowhere), 1, "a")
	if !r.Unregister(set) {
		t.Error("the registry does not know what it has registered")
	}
}

func TestRegistrationFailsIfTheNameIsTaken(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "test_cost_seconds_total", Help: "Mine."}))
	err := r.Register(newSet(all...))
	if err == nil || !strings.Contains(err.Error(), "test_cost_seconds_total") {
		t.Errorf("register: %v, want an error that names test_cost_seconds_total", err)
	}
}
