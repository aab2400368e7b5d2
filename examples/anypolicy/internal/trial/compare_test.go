package trial_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/trial"
	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// The program writes a table for each policy.
func TestRunShowsEachPolicy(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := trial.CompareAll(t.Context(), &out, 30); err != nil {
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
	if err := trial.CompareAll(t.Context(), &out, 0); err == nil {
		t.Error("a run without RPCs: no error, want one")
	}
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	// The program writes before it sends the first RPC.
	if err := trial.CompareAll(ctx, exampletest.OnText("", cancel), 1_000_000_000); err == nil {
		t.Error("Run: no error, want the error of the interruption")
	}
}

// In the dashboard's expressions, labels in braces follow the name of a metric.
var metricName = regexp.MustCompile(`\b(grpc_lb_[a-z_]+)\{`)

// Each policy has series of every metric in the dashboard, except the metric that has
// no series before its first event.
func TestTheDashboardHasSomethingOfEachPolicy(t *testing.T) {
	t.Parallel()
	names := dashboardMetrics(t)
	if len(names) < 15 {
		t.Fatalf("the dashboard queries only %v", names)
	}
	forEachPolicy(t, func(t *testing.T, s policies.Setup) {
		tr := openWarm(t, s)
		has := seriesOf(t, tr)
		for name := range names {
			if !has[name] {
				t.Errorf("%s has no series of %s", s.Name, name)
			}
		}
	})
}

func dashboardMetrics(t *testing.T) map[string]bool {
	t.Helper()
	js, err := os.ReadFile("../../../../metrics/ops/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(js) {
		t.Fatal("the dashboard is not valid JSON")
	}
	names := map[string]bool{}
	for _, match := range metricName.FindAllSubmatch(js, -1) {
		name := strings.TrimSuffix(strings.TrimSuffix(string(match[1]), "_bucket"), "_count")
		names[name] = true
	}
	delete(names, "grpc_lb_early_disconnections_total") // has no series before the first early disconnection, and here there is none
	delete(names, "grpc_lb_unusable_subchannels")       // has none before the first unusable subchannel
	return names
}

func seriesOf(t *testing.T, tr *trial.Trial) map[string]bool {
	t.Helper()
	families, err := policies.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if series.Label(metric, "grpc_lb_policy") == tr.Policy && series.Label(metric, "grpc_target") == tr.Target {
				has[family.GetName()] = true
			}
		}
	}
	return has
}
