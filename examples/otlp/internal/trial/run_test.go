package trial_test

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"

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

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	// The first text comes before the first RPC.
	if err := trial.Run(ctx, registry, newName(), exampletest.OnText("", cancel), 1_000_000_000); err == nil {
		t.Error("Run: no error, want that of the interruption")
	}
}
