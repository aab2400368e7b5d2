package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/scenario"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/view"
)

// The program shows a table for each policy, and ends.
func TestRunShowsEachPolicy(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := scenario.Run(t.Context(), &out, 30); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, s := range policies.All() {
		_, table, found := strings.Cut(text, "\n"+s.Name+": ")
		table, _, _ = strings.Cut(table, "\n\n")
		lines := strings.Split(strings.TrimSpace(table), "\n")
		if !found || len(lines) < 5 || !strings.Contains(table, "OK ") || !strings.Contains(table, "(loaded)") {
			t.Errorf("%s: want a table with a line for each backend, got\n%s", s.Name, table)
		}
	}
	if err := scenario.Run(t.Context(), &out, 0); err == nil {
		t.Error("no RPCs at all: want an error")
	}
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	// It is written to before its first RPCs, of which there are too many.
	if err := scenario.Run(ctx, writer(cancel), 1_000_000_000); err == nil {
		t.Error("Run: no error, want that of the interruption")
	}
}

// writer does something when it is written to.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

// A dashboard's expression names a metric and then has its labels in braces.
var metricName = regexp.MustCompile(`\b(grpc_lb_[a-z_]+)\{`)

// Whatever the dashboard asks for is there for each policy.
func TestTheDashboardHasSomethingOfEachPolicy(t *testing.T) {
	t.Parallel()
	names := dashboardMetrics(t)
	if len(names) < 15 {
		t.Fatalf("the dashboard asks for %v only", names)
	}
	for _, s := range policies.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := openWarm(t, s)
			has := seriesOf(t, w)
			for name := range names {
				if !has[name] {
					t.Errorf("%s has no series of %s", s.Name, name)
				}
			}
		})
	}
}

func dashboardMetrics(t *testing.T) map[string]bool {
	t.Helper()
	js, err := os.ReadFile("../../../../metrics/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(js) {
		t.Fatal("the dashboard is no JSON")
	}
	names := map[string]bool{}
	for _, match := range metricName.FindAllSubmatch(js, -1) {
		name := strings.TrimSuffix(strings.TrimSuffix(string(match[1]), "_bucket"), "_count")
		names[name] = true
	}
	return names
}

func seriesOf(t *testing.T, w *scenario.World) map[string]bool {
	t.Helper()
	families, err := policies.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, family := range families {
		for _, series := range family.GetMetric() {
			if view.Label(series, "grpc_lb_policy") == w.Policy && view.Label(series, "grpc_target") == w.Target {
				has[family.GetName()] = true
			}
		}
	}
	return has
}
