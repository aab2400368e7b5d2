package series_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const target = "example:///lb.example.grpc.io"

// newSubchannels returns a registry with the series of subchannels.
func newSubchannels() (*prometheus.Registry, *prometheus.GaugeVec) {
	subchannels := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grpc_lb_subchannels"},
		[]string{"grpc_target", "grpc_lb_policy", "grpc_connectivity_state"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(subchannels)
	return registry, subchannels
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
			r, subchannels := newSubchannels()
			for state, count := range test.states {
				subchannels.WithLabelValues(target, "p", state).Set(count)
			}
			subchannels.WithLabelValues(target, "another policy", "CONNECTING").Set(1)
			subchannels.WithLabelValues("another target", "p", "CONNECTING").Set(1)
			policies, err := series.Read(r, target)
			if err != nil {
				t.Fatal(err)
			}
			p, metered := policies["p"]
			settled := p.Settled()
			if settled != test.settled || metered != test.metered {
				t.Errorf("settled %t, metered %t, want %t, %t", settled, metered, test.settled, test.metered)
			}
		})
	}
}

func TestReadKeepsWhatItCanRead(t *testing.T) {
	t.Parallel()
	r, subchannels := newSubchannels()
	subchannels.WithLabelValues(target, "p", "READY").Set(1)
	broken := errors.New("one collector is broken")
	policies, err := series.Read(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, _ := r.Gather()
		return families, broken
	}), target)
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if !policies["p"].Settled() {
		t.Error("the series that could be read is missing")
	}
}

// The series are those of a real policy, so the test fails if the name of a metric
// changes.
func TestReadHasEverySeries(t *testing.T) {
	t.Parallel()
	meter := metrics.New(metrics.WithLatency())
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(meter)
	cc := balancertest.NewClientConn(t)
	policy := cc.Build(meter.Instrument(roundrobin2.NewBuilder()))
	defer policy.Close()
	if err := policy.Update(balancertest.Endpoints("a:1", "b:1")...); err != nil {
		t.Fatal(err)
	}
	if _, err := cc.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Fatalf("Pick: %v, want it to wait", err)
	}
	a, b := cc.SubConn("a:1"), cc.SubConn("b:1")
	b.Fail(errors.New("refused"))
	a.Ready()
	before, err := series.ReadPolicy(registry, balancertest.Target, roundrobin2.Name)
	if err != nil {
		t.Fatal(err)
	}
	a.SetHealth(connectivity.TransientFailure, nil) // as outlier detection does
	ejected, err := series.ReadPolicy(registry, balancertest.Target, roundrobin2.Name)
	if err != nil {
		t.Fatal(err)
	}
	a.SetHealth(connectivity.Ready, nil)
	for _, err := range []error{nil, nil, status.Error(codes.Unavailable, "")} {
		if _, got := cc.RPC(err); got != nil {
			t.Fatal(got)
		}
	}
	inFlight, err := cc.Start(balancer.PickInfo{})
	if err != nil {
		t.Fatal(err)
	}
	defer inFlight.End(balancer.DoneInfo{})
	givenUp, err := cc.Start(balancer.PickInfo{})
	if err != nil {
		t.Fatal(err)
	}
	givenUp.End(balancer.DoneInfo{})
	a.Idle()
	a.Fail(errors.New("refused"))
	if _, err := cc.Pick(); err == nil {
		t.Fatal("Pick: no error, want that of the subchannels")
	}

	p, err := series.ReadPolicy(registry, balancertest.Target, roundrobin2.Name)
	if err != nil {
		t.Fatal(err)
	}
	if usable, later := before.Backends["a:1"], ejected.Backends["a:1"]; usable.Usable != 1 || usable.Unusable["ejected"] != 0 || later.Usable != 0 || later.Unusable["ejected"] != 1 {
		t.Errorf("a:1 was %+v and when ejected %+v, want it usable and then not", usable, later)
	}
	timed := p.Backends["a:1"]
	timed.Seconds = 0 // depends on the machine
	want := series.Backend{
		InFlight: 1, Picks: 5, Repicks: 1, RPCs: map[string]int{"OK": 2, "Unavailable": 1},
		Connected: 1, FailedAttempts: 1, Disconnections: 1, Timed: 3, Unusable: map[string]int{"ejected": 0},
	}
	if diff := cmp.Diff(want, timed); diff != "" {
		t.Errorf("a:1 (-want +got):\n%s", diff)
	}
	if !timed.Consistent() || timed.Ended() != 3 || timed.NotOK() != 1 || p.Sum().Picks != 5 || p.Sum().InFlight != 1 {
		t.Errorf("sums of %+v are wrong", timed)
	}
	if before.Instances != 1 || before.Subchannels["READY"] != 1 || before.Subchannels["TRANSIENT_FAILURE"] != 1 ||
		!slices.Equal(before.Ready(), []string{"a:1"}) || before.PicksDelayed != 1 || p.PicksFailed != 1 {
		t.Errorf("%+v, then %+v, want one instance, a:1 READY, one pick delayed, later one failed", before, p)
	}
}

func TestSinceSubtractsCountersAndKeepsGauges(t *testing.T) {
	t.Parallel()
	earlier := series.Backend{
		Ready: 1, Usable: 1, InFlight: 2, Picks: 3, Repicks: 4, RPCs: map[string]int{"OK": 5, "Canceled": 6},
		Connected: 7, FailedAttempts: 8, Disconnections: 9, Timed: 10, Seconds: 11,
	}
	later := series.Backend{
		Ready: 21, Usable: 20, Unusable: map[string]int{"ejected": 1}, InFlight: 22, Picks: 123, Repicks: 124, RPCs: map[string]int{"OK": 125, "Canceled": 126},
		Connected: 127, FailedAttempts: 128, Disconnections: 129, Timed: 130, Seconds: 131,
	}
	difference := series.Backend{
		Ready: 21, Usable: 20, Unusable: map[string]int{"ejected": 1}, InFlight: 22, Picks: 120, Repicks: 120, RPCs: map[string]int{"OK": 120, "Canceled": 120},
		Connected: 120, FailedAttempts: 120, Disconnections: 120, Timed: 120, Seconds: 120,
	}
	got := series.Policy{
		Instances: 2, PicksDelayed: 30, PicksFailed: 40,
		Backends: map[string]series.Backend{"a": later, "new": later},
	}.Since(series.Policy{Instances: 1, PicksDelayed: 10, PicksFailed: 10, Backends: map[string]series.Backend{"a": earlier, "gone": earlier}})
	want := series.Policy{
		Instances: 2, PicksDelayed: 20, PicksFailed: 30,
		Backends: map[string]series.Backend{"a": difference, "new": later},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
	sum := series.Policy{Backends: map[string]series.Backend{"a": earlier, "b": difference}}.Sum()
	later.Ready, later.Usable, later.InFlight = 22, 21, 24
	if diff := cmp.Diff(later, sum); diff != "" {
		t.Errorf("sum (-want +got):\n%s", diff)
	}
}

func TestFormatCodes(t *testing.T) {
	t.Parallel()
	if got := series.FormatCodes(map[string]int{"Unavailable": 1, "OK": 10, "Canceled": 0}); got != "OK 10, Unavailable 1" {
		t.Errorf("codes %q", got)
	}
	if got := series.FormatCodes(map[codes.Code]int{codes.Unavailable: 1, codes.Canceled: 2, codes.OK: 3}); got != "OK 3, Canceled 2, Unavailable 1" {
		t.Errorf("codes %q", got)
	}
	if got := series.FormatCodes(map[string]int{"OK": 0}); got != "" {
		t.Errorf("codes %q, want nothing", got)
	}
}
