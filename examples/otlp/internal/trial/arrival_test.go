package trial_test

import (
	"slices"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/trial"
)

// All that the registry has arrives: as the types that OpenTelemetry specifies for
// Prometheus's, and with the values, the buckets and the start times of that moment.
func TestWhatTheRegistryHasArrives(t *testing.T) {
	t.Parallel()
	before := time.Now()
	e := afterRPCs(t, open(t))
	after := time.Now()

	for _, line := range points.Diff(e.Registry, e.Arrived) {
		t.Error(line)
	}
	if want, got := e.Registry.Families(), e.Arrived.Families(); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("families %q have arrived, want those of the registry: %q", got, want)
	}
	for s, p := range e.Arrived {
		if p.Time.Before(before) || p.Time.After(after) {
			t.Errorf("%v is of %v, want the time of the export", s, p.Time)
		}
		if started := !p.Start.IsZero(); started && (p.Start.Before(before) || p.Start.After(p.Time)) {
			t.Errorf("%v starts at %v, want the time at which its channel or backend was first seen", s, p.Start)
		}
	}
}

// The comparison with the registry would not notice that the registry lacks a type.
func TestEachTypeArrives(t *testing.T) {
	t.Parallel()
	e := afterRPCs(t, open(t))
	var types []string
	for s, p := range e.Arrived {
		types = append(types, p.Type)
		switch p.Type {
		case points.Gauge:
			if p.Temporality != "" || !p.Start.IsZero() {
				t.Errorf("%v: temporality %q, start %v; want none of a gauge", s, p.Temporality, p.Start)
			}
		default:
			if p.Temporality != points.Cumulative || p.Start.IsZero() {
				t.Errorf("%v: temporality %q, start %v; want it cumulative since some time", s, p.Temporality, p.Start)
			}
		}
	}
	for _, want := range []string{points.MonotonicSum, points.Gauge, points.ExponentialHistogram} {
		if !slices.Contains(types, want) {
			t.Errorf("no %s has arrived", want)
		}
	}
	if slices.Contains(types, points.Sum) {
		t.Error("a sum that is not monotonic has arrived, want counters to be monotonic")
	}
}

// Each RPC is in the exponential histogram of its backend.
func TestLatencyArrivesAsExponentialHistograms(t *testing.T) {
	t.Parallel()
	e := afterRPCs(t, open(t))
	counted, backends := uint64(0), 0
	for s, p := range ofBackends(e, points.ExponentialHistogram) {
		inBuckets := p.ZeroCount
		for _, n := range p.Buckets {
			inBuckets += n
		}
		if p.Count == 0 || inBuckets != p.Count || p.Value <= 0 {
			t.Errorf("%v: %d observations, %d in buckets, %v s in all; want some, all in buckets", s, p.Count, inBuckets, p.Value)
		}
		counted += p.Count
		backends++
	}
	if counted != rpcs || backends != 3 {
		t.Errorf("%d RPCs are in histograms of %d backends, want %d of 3", counted, backends, rpcs)
	}
}

// ofBackends returns the points of a type whose series are of a backend.
func ofBackends(e trial.Export, kind string) points.Points {
	return e.Arrived.Where(func(s points.Series, p points.Point) bool {
		return p.Type == kind && s.HasLabel("grpc_lb_backend")
	})
}

// The next export has what the one before had, and more: the start stays.
func TestCountsGoOnFromTheSameStart(t *testing.T) {
	t.Parallel()
	tr := open(t)
	first, second := afterRPCs(t, tr), afterRPCs(t, tr)
	counted := uint64(0)
	for s, p := range ofBackends(second, points.ExponentialHistogram) {
		if was := first.Arrived[s]; p.Start != was.Start || p.Count < was.Count {
			t.Errorf("%v: %d since %v, before it was %d since %v; want more since the same time", s, p.Count, p.Start, was.Count, was.Start)
		}
		counted += p.Count
	}
	if counted != 2*rpcs {
		t.Errorf("%d RPCs are in the histograms, want %d", counted, 2*rpcs)
	}
}

// The sender's id keeps its series apart from those of other processes of the service,
// as the label instance of a scrape does.
func TestTheResourceSaysWhoSends(t *testing.T) {
	t.Parallel()
	e := afterRPCs(t, open(t))
	resource := e.Resource()
	if resource["service.name"] != trial.Service || resource["telemetry.sdk.language"] != "go" {
		t.Errorf("the resource is %v, want the name of the service and the SDK", resource)
	}
	if resource["service.instance.id"] == "" {
		t.Errorf("the resource is %v, want an id of the process", resource)
	}
	if scopes := e.Scopes(); len(scopes) != 1 || !scopes["go.opentelemetry.io/contrib/bridges/prometheus"] {
		t.Errorf("scopes %v, want the bridge's only", scopes)
	}
}
