package oteloracle_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	estats "google.golang.org/grpc/experimental/stats"
)

var update = flag.Bool("update", false, "write the tables of gRPC's instruments into README.md")

const readme = "../../README.md"

func TestReadmeHasTheTablesOfGRPCsInstruments(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	want := withTable(t, string(b), "policies", true)
	want = withTable(t, want, "channels", false)
	if want == string(b) {
		return
	}
	if *update {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s (-what gRPC registers +README.md); run go -C metrics/internal/oteloracle test -run TestReadme -update\n%s",
		readme, cmp.Diff(strings.Split(want, "\n"), strings.Split(string(b), "\n")))
}

// withTable returns the text with a table between the marks: of the instruments
// that policies record with, or of the others.
func withTable(t *testing.T, text, mark string, policies bool) string {
	t.Helper()
	begin, end := "<!-- begin "+mark+" -->\n", "<!-- end "+mark+" -->\n"
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no lines %q and %q", readme, begin, end)
	}
	var b strings.Builder
	b.WriteString("\n| instrument | metric | type | labels | optional labels |\n|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(grpcs)) {
		if strings.HasPrefix(name, "grpc.lb.") == policies {
			d := estats.DescriptorForMetric(name)
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", name, grpcs[name], types[d.Type], quoted(d.Labels), quoted(d.OptionalLabels))
		}
	}
	return before + begin + b.String() + "\n" + end + after
}

var types = map[estats.MetricType]string{
	estats.MetricTypeIntCount:       "counter",
	estats.MetricTypeFloatHisto:     "histogram",
	estats.MetricTypeIntUpDownCount: "gauge",
	estats.MetricTypeIntAsyncGauge:  "gauge",
}

// quoted returns labels as Prometheus has them.
func quoted(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return "`" + strings.ReplaceAll(strings.Join(labels, "`, `"), ".", "_") + "`"
}
