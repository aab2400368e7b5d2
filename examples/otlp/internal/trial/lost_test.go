package trial_test

import (
	"testing"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
)

// The bridge leaves the exemplars of native histograms out, and these metrics have no
// others.
func TestExemplarsAreLost(t *testing.T) {
	t.Parallel()
	e := afterRPCs(t, open(t))
	if e.Registry.Exemplars() == 0 {
		t.Error("the registry has no exemplars, want some of RPCs that are traced")
	}
	if n := e.Arrived.Exemplars(); n != 0 {
		t.Errorf("%d exemplars have arrived; the bridge passes them on now: say so in README.md", n)
	}
}

// A unit is in the name of a family only.
func TestUnitsAreLost(t *testing.T) {
	t.Parallel()
	for s, p := range afterRPCs(t, open(t)).Arrived {
		if p.Unit != "" {
			t.Errorf("%v has arrived with the unit %q; the bridge passes it on now: say so in README.md", s, p.Unit)
		}
	}
}

// A latency histogram is native and classic at once. OTLP has room for one of both.
func TestClassicBucketsOfNativeHistogramsAreLost(t *testing.T) {
	t.Parallel()
	e := afterRPCs(t, open(t))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	both := 0
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			h := metric.GetHistogram()
			if len(h.GetBucket()) == 0 || len(h.GetPositiveSpan()) == 0 {
				continue
			}
			both++
			for s, p := range e.Arrived {
				if s.Family == family.GetName() && p.Type != points.ExponentialHistogram {
					t.Errorf("%v has arrived as %s, want an exponential histogram", s, p.Type)
				}
			}
		}
	}
	if both == 0 {
		t.Error("no histogram of the registry is both native and classic, want that of latency")
	}
}

// Selectors of temporality are for instruments of the SDK. What comes through the
// bridge is cumulative.
func TestDeltaTemporalityIsNotAvailable(t *testing.T) {
	t.Parallel()
	delta := func(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }
	e := afterRPCs(t, open(t, otlpmetricgrpc.WithTemporalitySelector(delta)))
	if len(e.Arrived) == 0 {
		t.Error("nothing has arrived")
	}
	for s, p := range e.Arrived {
		if p.Temporality == points.Delta {
			t.Errorf("%v has arrived with delta temporality; the bridge converts now: say so in README.md", s)
		}
	}
}
