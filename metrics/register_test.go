package metrics_test

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// A wrapping registerer adds its labels to those that the samples of a backend
// share. Two scrapes at once must not see each other's.
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

func TestDefaultIsRegistered(t *testing.T) {
	t.Parallel()
	err := prometheus.DefaultRegisterer.Register(metrics.Default)
	already, ok := err.(prometheus.AlreadyRegisteredError)
	if !ok || already.ExistingCollector != prometheus.Collector(metrics.Default) {
		t.Errorf("register Default again: %v, want that it is registered already", err)
	}
}

func TestDefaultRegistrationNeverPanics(t *testing.T) {
	t.Parallel()
	clash := prometheus.NewGauge(prometheus.GaugeOpts{Name: "grpc_lb_channels", Help: "Someone else's."})
	tests := []struct {
		name  string
		there prometheus.Collector
	}{
		{"the same", metrics.Default},
		{"another Metrics", metrics.New()},
		{"a clash", clash},
	}
	for _, tt := range tests {
		r := prometheus.NewPedanticRegistry()
		r.MustRegister(tt.there)
		metrics.Register(r, metrics.Default)
		if !r.Unregister(tt.there) {
			t.Errorf("%s: what was registered first is gone", tt.name)
		}
	}
}
