package metrics_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
	"github.com/grpc-balancer2/balancer2/metrics/internal/series"
)

var update = flag.Bool("update", false, "write the tables of all metrics into README.md")

const readme = "README.md"

func TestReadmeHasTheTablesOfAllMetrics(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	ofBackends, ofTargets := record.NewCatalog(nil).Rows()
	want := withTable(t, string(b), "per backend", ofBackends)
	want = withTable(t, want, "per target", ofTargets)
	if want == string(b) {
		return
	}
	if *update {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s differs from the code (-code +%s); run go test ./metrics -run TestReadme -update\n%s",
		readme, readme, cmp.Diff(strings.Split(want, "\n"), strings.Split(string(b), "\n")))
}

// withTable returns the text with the table between the marks of its scope.
func withTable(t *testing.T, text, scope string, all []series.Row) string {
	t.Helper()
	begin, end := "<!-- begin "+scope+" -->\n", "<!-- end "+scope+" -->\n"
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no lines %q and %q", readme, begin, end)
	}
	return before + begin + table(all) + end + after
}

func table(all []series.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nLabels of all: %s.\n\n", quoted(all[0].Labels))
	fmt.Fprint(&b, "| metric | type | further label | counts |\n|---|---|---|---|\n")
	for _, d := range all {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, furtherLabel(d), d.Help)
	}
	return b.String() + "\n"
}

// furtherLabel formats a label with its values, or with the first and the last of many.
func furtherLabel(d series.Row) string {
	const many = 5
	switch n := len(d.Values); {
	case d.Label == "":
		return ""
	case n > many:
		return fmt.Sprintf("`%s`: `%s` to `%s`", d.Label, d.Values[0], d.Values[n-1])
	default:
		return fmt.Sprintf("`%s`: %s", d.Label, quoted(d.Values))
	}
}

func quoted(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

// grpcTables are the tables of gRPC's instruments, which a test of the module
// metrics/internal/oteloracle checks, and families in the text around them.
var grpcTables = regexp.MustCompile(`(?s)<!-- begin (policies|channels) -->.*?<!-- end |grpc_lb_rls_cache_…`)

func TestReadmesNameOnlyMetricsThatExist(t *testing.T) {
	t.Parallel()
	known := []string{"grpc_lb_backend", "grpc_lb_policy"}
	for _, d := range slices.Concat(record.NewCatalog(nil).Rows()) {
		known = append(known, d.Name, d.Label)
		if d.Type == "histogram" {
			known = append(known, d.Name+"_bucket", d.Name+"_count", d.Name+"_sum")
		}
	}
	for _, file := range []string{readme, "doc.go", "../README.md", "../balancer/README.md", "../examples/README.md"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b = grpcTables.ReplaceAll(b, nil)
		for _, name := range regexp.MustCompile(`grpc_lb_\w+`).FindAllString(string(b), -1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s names %s, which does not exist", file, name)
			}
		}
	}
}
