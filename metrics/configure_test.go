package metrics_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// labelNames returns the names of the labels that picks have in a registry.
func labelNames(t *testing.T, r prometheus.Gatherer) []string {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatalf("gather: %v", err)
	}
	for _, family := range families {
		if family.GetName() != "grpc_lb_picks_total" {
			continue
		}
		var names []string
		for _, l := range family.Metric[0].Label {
			names = append(names, l.GetName())
		}
		return names
	}
	t.Fatalf("no picks in the registry")
	return nil
}

func zone(resolver.Address) string { return "z1" }

func TestConfigureSetsOptionsAndLabels(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	m := metrics.NewDefault(r)
	if err := metrics.Configure(m, metrics.WithLatency(), metrics.WithBackendLabel("zone", zone), metrics.WithMaxBackends(2)); err != nil {
		t.Fatalf("configure: %v", err)
	}
	s, cc, _ := metered(t, m)
	a := s.connect(t, "a:1")
	s.connect(t, "b:1")
	s.connect(t, "c:1")
	cc.SubConn("a:1").Ready()
	s.publish(balancer.PickResult{SubConn: a}, nil)
	if _, err := cc.RPC(nil); err != nil {
		t.Fatalf("RPC: %v", err)
	}
	if got, want := labelNames(t, r), []string{"grpc_lb_backend", "grpc_lb_policy", "grpc_target", "zone"}; !slices.Equal(got, want) {
		t.Errorf("labels in the registry %q, want %q", got, want)
	}
	got := scrape(t, m)
	if n := got.sum("rpc_attempt_duration_seconds_count"); n != 1 {
		t.Errorf("RPCs measured = %v, want 1", n)
	}
	if n := got.sum("folded_subchannels_total"); n != 1 {
		t.Errorf("folded = %v, want 1", n)
	}
}

func TestConfigureIsRefusedOnceInUse(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	m := metrics.NewDefault(r)
	busy(t, m)
	err := metrics.Configure(m, metrics.WithBackendLabel("zone", zone))
	if err == nil || !strings.Contains(err.Error(), "before the first channel") {
		t.Errorf("configure after a channel was made: %v, want an error that says when to", err)
	}
	if got, want := labelNames(t, r), []string{"grpc_lb_backend", "grpc_lb_policy", "grpc_target"}; !slices.Equal(got, want) {
		t.Errorf("labels in the registry %q, want %q as before", got, want)
	}
}

func TestConfigureTwiceIsRefused(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	m := metrics.NewDefault(r)
	if err := metrics.Configure(m, metrics.WithMaxBackends(1)); err != nil {
		t.Fatalf("configure: %v", err)
	}
	err := metrics.Configure(m, metrics.WithMaxBackends(2))
	if err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("configure again: %v, want an error that says so", err)
	}
	s, _, _ := metered(t, m)
	s.connect(t, "a:1")
	s.connect(t, "b:1")
	if n := scrape(t, m).sum("folded_subchannels_total"); n != 1 {
		t.Errorf("folded = %v, want 1: the first options are in effect", n)
	}
}

func TestDefaultRegistersItselfWhenItIsUsed(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	m := metrics.NewDefault(r)
	busy(t, m)
	busy(t, m)
	if !r.Unregister(m) {
		t.Errorf("it is not in the registry")
	}
	busy(t, m)
	if r.Unregister(m) {
		t.Errorf("it is in the registry again, from which it was taken")
	}
}

func TestConfigureWithABadOptionChangesNothing(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	m := metrics.NewDefault(r)
	if err := metrics.Configure(m, metrics.WithBackendLabel("le", zone)); err == nil {
		t.Errorf("configure with a label that is taken: no error")
	}
	if err := metrics.Configure(m, metrics.WithBackendLabel("zone", zone)); err != nil {
		t.Errorf("configure after an error: %v", err)
	}
}

func TestConfigureBesideScrapesAndChannels(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	m := metrics.NewDefault(r)
	var work sync.WaitGroup
	work.Go(func() {
		for range 50 {
			if _, err := r.Gather(); err != nil {
				t.Errorf("gather: %v", err)
			}
		}
	})
	work.Go(func() { _ = metrics.Configure(m, metrics.WithBackendLabel("zone", zone)) })
	work.Go(func() { busy(t, m) })
	work.Wait()
	if n := scrape(t, m).sum("picks_total"); n != 3 {
		t.Errorf("picks = %v, want 3", n)
	}
}
