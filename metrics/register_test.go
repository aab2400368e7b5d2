package metrics_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// A wrapping registerer appends its labels to the slice that the samples of a backend
// share. Two concurrent scrapes must not see each other's labels.
func TestTwoMetricsInOneRegistryToldApartByALabel(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	for _, app := range []string{"x", "y"} {
		m := metrics.New()
		busy(t, m)
		// "app" sorts before the package's own labels, "zone" after them.
		prometheus.WrapRegistererWith(prometheus.Labels{"app": app, "zone": "z"}, r).MustRegister(m)
	}
	var scrapes sync.WaitGroup
	for range 8 {
		scrapes.Go(func() {
			families, err := r.Gather()
			if err != nil {
				t.Errorf("gather: %v", err)
			}
			for _, family := range families {
				apps := make(map[string]int)
				for _, metric := range family.Metric {
					apps[metric.Label[0].GetValue()]++
				}
				if got := slices.Sorted(maps.Keys(apps)); !slices.Equal(got, []string{"x", "y"}) || apps["x"] != apps["y"] {
					t.Errorf("%s: series by app: %v, want as many of x as of y", family.GetName(), apps)
				}
			}
		})
	}
	scrapes.Wait()
}

func TestUnregisterAndRegisterAgain(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	busy(t, m)
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(m)
	if !r.Unregister(m) {
		t.Error("Unregister found nothing")
	}
	busy(t, m)
	r.MustRegister(m)
	if got := scrape(t, m).sum("picks_total"); got != 6 {
		t.Errorf("picks = %v, want 6, counted while unregistered too", got)
	}
}

// Not parallel: it reads the log.
func TestDefaultThatCannotBeRegisteredIsLoggedOnly(t *testing.T) {
	labels := func(r prometheus.Registerer) prometheus.Registerer {
		return prometheus.WrapRegistererWith(prometheus.Labels{"app": "x"}, r)
	}
	plain := func(r prometheus.Registerer) prometheus.Registerer { return r }
	tests := []struct {
		name  string
		there prometheus.Collector
		by    func(prometheus.Registerer) prometheus.Registerer
		want  string // in the log
	}{
		{"the same", metrics.Default(), plain, ""},
		{"the same, with labels", metrics.Default(), labels, ""},
		{"another Metrics, as of a second copy of the module", metrics.New(), plain, "a *metrics.Metrics with the same metrics is already registered"},
		{"another Metrics, with labels", metrics.New(), labels, "a *metrics.Metrics with the same metrics is already registered"},
		{"a clash", prometheus.NewGauge(prometheus.GaugeOpts{Name: "grpc_lb_policy_instances", Help: "Someone else's."}), plain, "grpc_lb_policy_instances"},
	}
	for _, tt := range tests {
		registry := prometheus.NewPedanticRegistry()
		r := tt.by(registry)
		r.MustRegister(tt.there)
		log := logged(func() { metrics.Register(r, metrics.Default()) })
		switch {
		case tt.want == "" && log != "":
			t.Errorf("%s: logged %q, want nothing", tt.name, log)
		case tt.want != "" && (strings.Count(log, "\n") != 1 || !strings.Contains(log, "metrics: register default collector: ") || !strings.Contains(log, tt.want)):
			t.Errorf("%s: logged %q, want one line with %q", tt.name, log, tt.want)
		}
		if !r.Unregister(tt.there) {
			t.Errorf("%s: the collector that was registered first is gone", tt.name)
		}
	}
}

func TestConstLabels(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency())
	busy(t, m)
	r := prometheus.NewPedanticRegistry()
	prometheus.WrapRegistererWith(prometheus.Labels{"app": "x"}, r).MustRegister(m)
	families, err := r.Gather()
	if err != nil {
		t.Fatalf("gather: %v", err)
	}
	for _, family := range families {
		for _, metric := range family.Metric {
			if l := metric.Label[0]; l.GetName() != "app" || l.GetValue() != "x" {
				t.Errorf("%s has labels %v, want app=x too", family.GetName(), metric.Label)
			}
		}
	}
	if got := scrape(t, m).sum("picks_total"); got != 3 {
		t.Errorf("picks without the labels = %v, want 3", got)
	}
}

// One policy has two names, each with its own Metrics and registry.
func TestTwoNamesTwoRegistries(t *testing.T) {
	t.Parallel()
	s := &stub{}
	for i, name := range []string{"inner", "outer"} {
		m := metrics.New()
		cc := balancertest.NewClientConn(t)
		cc.Build(m.InstrumentAs(name, s))
		s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
		cc.SubConn("a:1").Ready()
		for range i + 1 {
			if _, err := cc.RPC(nil); err != nil {
				t.Fatalf("RPC: %v", err)
			}
		}
		got := scrape(t, m)
		if n := got.ofPolicy(name).sum("picks_total"); n != float64(i+1) || n != got.sum("picks_total") {
			t.Errorf("%s: picks = %v of %v, want %d and no others", name, n, got.sum("picks_total"), i+1)
		}
	}
}
