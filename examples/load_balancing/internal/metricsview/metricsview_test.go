package metricsview_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/metricsview"
)

const target = "example:///lb.example.grpc.io"

// registry returns series as the policies report them.
type registry struct {
	*prometheus.Registry
	subchannels, ready *prometheus.GaugeVec
	picks, rpcs        *prometheus.CounterVec
}

func newRegistry() registry {
	policy := []string{"grpc_target", "grpc_lb_policy"}
	backend := slices.Concat(policy, []string{"grpc_lb_backend"})
	r := registry{
		Registry:    prometheus.NewRegistry(),
		subchannels: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grpc_lb_subchannels"}, slices.Concat(policy, []string{"grpc_connectivity_state"})),
		ready:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grpc_lb_backend_ready"}, backend),
		picks:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpc_lb_picks_total"}, backend),
		rpcs:        prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpc_lb_rpcs_total"}, slices.Concat(backend, []string{"grpc_code"})),
	}
	r.MustRegister(r.subchannels, r.ready, r.picks, r.rpcs)
	return r
}

func TestSettled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		states           map[string]float64
		settled, metered bool
	}{
		{name: "no series"},
		{name: "no subchannel yet", states: map[string]float64{"READY": 0, "CONNECTING": 0}, metered: true},
		{name: "one not begun", states: map[string]float64{"READY": 1, "IDLE": 1}, metered: true},
		{name: "one under way", states: map[string]float64{"READY": 1, "CONNECTING": 1}, metered: true},
		{name: "all connected", states: map[string]float64{"READY": 2, "CONNECTING": 0}, settled: true, metered: true},
		{name: "one failed", states: map[string]float64{"READY": 1, "TRANSIENT_FAILURE": 1}, settled: true, metered: true},
		{name: "all failed", states: map[string]float64{"TRANSIENT_FAILURE": 2}, settled: true, metered: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRegistry()
			for state, count := range test.states {
				r.subchannels.WithLabelValues(target, "p", state).Set(count)
			}
			r.subchannels.WithLabelValues(target, "another policy", "CONNECTING").Set(1)
			r.subchannels.WithLabelValues("another target", "p", "CONNECTING").Set(1)
			view, err := metricsview.Gather(r, target)
			if err != nil {
				t.Fatal(err)
			}
			settled, metered := view.Settled("p")
			if settled != test.settled || metered != test.metered {
				t.Errorf("settled %t, metered %t, want %t, %t", settled, metered, test.settled, test.metered)
			}
		})
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	r := newRegistry()
	add := func(policy, backend string, ready, picks float64, rpcs map[string]float64) {
		r.ready.WithLabelValues(target, policy, backend).Set(ready)
		r.picks.WithLabelValues(target, policy, backend).Add(picks)
		for code, count := range rpcs {
			r.rpcs.WithLabelValues(target, policy, backend, code).Add(count)
		}
	}
	add("round_robin2", "127.0.0.1:50052", 0, 6, map[string]float64{"Unavailable": 1, "OK": 5, "Canceled": 0})
	add("round_robin2", "127.0.0.1:50051", 1, 5, map[string]float64{"OK": 5})
	add("pick_first2", "127.0.0.1:50051", 0, 0, nil)
	add("another", "127.0.0.1:50051", 1, 1, nil)
	r.picks.WithLabelValues("another target", "pick_first2", "127.0.0.1:1").Inc()

	want := `
POLICY         BACKEND           READY   PICKS   RPCS
pick_first2    127.0.0.1:50051   0       0       -
round_robin2   127.0.0.1:50051   1       5       OK 5
round_robin2   127.0.0.1:50052   0       6       OK 5, Unavailable 1
another        127.0.0.1:50051   1       1       -
`
	if diff := cmp.Diff(want, "\n"+table(t, r, "pick_first2", "round_robin2")); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestTableWithoutSeriesSaysWhy(t *testing.T) {
	t.Parallel()
	got := table(t, newRegistry(), "pick_first", "round_robin")
	if !strings.Contains(got, "no metrics of pick_first, round_robin") {
		t.Errorf("table %q does not say that the policies are not metered", got)
	}
}

func table(t *testing.T, from prometheus.Gatherer, policies ...string) string {
	t.Helper()
	view, err := metricsview.Gather(from, target)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := view.WriteTable(&out, policies); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGatherKeepsWhatItCanRead(t *testing.T) {
	t.Parallel()
	r := newRegistry()
	r.subchannels.WithLabelValues(target, "p", "READY").Set(1)
	broken := errors.New("one collector is broken")
	view, err := metricsview.Gather(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, _ := r.Gather()
		return families, broken
	}), target)
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if settled, _ := view.Settled("p"); !settled {
		t.Error("the series that could be read is not in the view")
	}
}
