package trial_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/trial"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// exportTwice exports twice. If the exporter's own channel is metered, the second export
// tells of the first.
func exportTwice(t *testing.T, tr *trial.Trial) trial.Export {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), exampletest.Patience)
	defer cancel()
	var e trial.Export
	for range 2 {
		var err error
		if e, err = tr.Export(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// The exporter's channel has gRPC's default policy, pick_first. It is not metered even
// if pick_first is: gRPC looks up its default before any init function can replace it.
func TestTheExportersChannelIsNotMetered(t *testing.T) {
	t.Parallel()
	tr := open(t)
	if e := exportTwice(t, tr); len(e.OfExporter) != 0 {
		t.Errorf("the exporter's channel has series: %v", e.OfExporter.Sorted())
	}
	families, err := pickFirst.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			t.Errorf("pick_first is metered for %s, which says nothing of a policy", series.Label(metric, "grpc_target"))
		}
	}
}

// With a service config that selects a metered policy it is metered as any channel
// is: each export tells of the ones before.
func TestTheExportersChannelIsMeteredIfItSelectsAMeteredPolicy(t *testing.T) {
	t.Parallel()
	tr := open(t, otlpmetricgrpc.WithServiceConfig(roundrobin2.ServiceConfig))
	if e := exportTwice(t, tr); len(e.OfExporter) == 0 {
		t.Error("the exporter's channel has no series, want those of round_robin2")
	}
}

// What was counted since the last interval is not lost when the program ends.
func TestAnEndingProgramExportsALastTime(t *testing.T) {
	t.Parallel()
	tr, err := trial.Open(t.Context(), registry, newName())
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Send(t.Context()); err != nil {
		t.Error(err)
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Error(err)
	}
	counted := uint64(0)
	for s, p := range points.OfOTLP(tr.Receiver.Take()).Labelled("grpc_target", tr.Target) {
		if s.HasLabel("grpc_lb_backend") {
			counted += p.Count
		}
	}
	if counted != 1 {
		t.Errorf("%d RPCs are in the histograms of the last export, want 1", counted)
	}
}
