package trial_test

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/points"
	"github.com/grpc-balancer2/balancer2/examples/otlp/internal/trial"
)

func TestRunShowsWhatArrivesAndWhatIsLost(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var families []string // while the channel is there
	name := newName()
	gather := exampletest.OnText("what has arrived", func() {
		gathered, err := registry.Gather()
		if err != nil {
			t.Error(err)
		}
		families = points.OfRegistry(gathered).Labelled("grpc_target", "otlp:///"+name).Families()
	})
	if err := trial.Run(t.Context(), registry, name, io.MultiWriter(&out, gather), rpcs); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	_, table, found := strings.Cut(text, "\nFAMILY")
	if !found || len(families) == 0 {
		t.Errorf("no table of families, want one of %q", families)
	}
	for _, family := range families {
		if !strings.Contains(table, "\n"+family+" ") {
			t.Errorf("the family %s is not in the table", family)
		}
	}
	for _, want := range []string{
		`(?m)^resource service\.instance\.id = .+$`,
		`(?m)^\w+ +exponential histogram +- +cumulative +3 +\d\d:\d\d:\d\d\.\d+$`,
		`(?m)^\w+ +gauge +- +- +\d+ +-$`,
		`(?m)^count \d\d, sum [\d.]+, zero count 0\nscale \d, with \d+ buckets`,
		`(?m)^0 of \d+ series differ`,
		`(?m)^0 of \d+ exemplars have arrived$`,
		`(?m)^0 of \d+ families have a unit$`,
		`(?m)^0 series are of the exporter's own channel$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the output has nothing like %s", want)
		}
	}
	if t.Failed() {
		t.Logf("the output:\n%s", text)
	}
	if err := trial.Run(t.Context(), registry, name, &out, 0); err == nil {
		t.Error("no RPCs at all: want an error")
	}
}

// Run gathers before and after the export. The export gathers in between, and gets
// less.
func TestRunFailsIfNotAllArrives(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	lossy := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := registry.Gather()
		if calls.Add(1)%3 == 2 {
			families = families[1:]
		}
		return families, err
	})
	err := trial.Run(t.Context(), lossy, newName(), io.Discard, rpcs)
	if err == nil || !strings.Contains(err.Error(), "has not arrived") {
		t.Errorf("Run: %v, want an error that names a series that has not arrived", err)
	}
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	// The first text comes before the first RPC.
	if err := trial.Run(ctx, registry, newName(), exampletest.OnText("", cancel), 1_000_000_000); err == nil {
		t.Error("Run: no error, want that of the interruption")
	}
}
