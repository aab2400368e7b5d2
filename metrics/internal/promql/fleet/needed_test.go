package fleet_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

const (
	dashboardFile = "../../../ops/dashboard.json"
	alertsFile    = "../../../ops/alerts.yml"
	rulesFile     = "../../../ops/rules.yml"
)

// alertNames returns the names of the clients' series that the alerts need, sorted: those
// that they and the recording rules select, without those that are recorded.
func alertNames(tb testing.TB) []string {
	tb.Helper()
	names := slices.Concat(namesIn(tb, rulesFile), namesIn(tb, alertsFile))
	names = slices.DeleteFunc(names, func(name string) bool { return strings.Contains(name, ":") })
	slices.Sort(names)
	return slices.Compact(names)
}

// namesIn returns the names of the series that the expressions of a file select,
// sorted. The file is a dashboard or rules, in JSON or YAML; an expression is what
// is called expr anywhere in it.
func namesIn(tb testing.TB, file string) []string {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	unmarshal := yaml.Unmarshal
	if strings.HasSuffix(file, ".json") {
		unmarshal = json.Unmarshal
	}
	var all any
	if err := unmarshal(text, &all); err != nil {
		tb.Fatalf("%s: %v", file, err)
	}
	names := make(map[string]bool)
	for _, expr := range exprsIn(all) {
		parsed, err := parser.NewParser(parser.Options{}).ParseExpr(withoutVariables(expr))
		if err != nil {
			tb.Fatalf("%s: expression %s: %v", file, expr, err)
		}
		parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
			if s, ok := node.(*parser.VectorSelector); ok {
				names[s.Name] = true
			}
			return nil
		})
	}
	if len(names) == 0 || names[""] {
		tb.Fatalf("%s selects series by the names %v, want some, and no series without a name", file, names)
	}
	return slices.Sorted(maps.Keys(names))
}

// exprsIn returns what is called expr, anywhere in decoded JSON or YAML.
func exprsIn(node any) (exprs []string) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if text, ok := value.(string); ok && key == "expr" {
				exprs = append(exprs, text)
			}
			exprs = append(exprs, exprsIn(value)...)
		}
	case []any:
		for _, value := range node {
			exprs = append(exprs, exprsIn(value)...)
		}
	}
	return exprs
}

var grafanaVariable = regexp.MustCompile(`\$\{?\w+\}?`)

// withoutVariables puts something that parses in the place of Grafana's variables.
func withoutVariables(expr string) string {
	return grafanaVariable.ReplaceAllStringFunc(expr, func(variable string) string {
		if variable == "$__rate_interval" {
			return "1m"
		}
		return "1"
	})
}

func TestNamesAreThoseOfTheExpressions(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/rules.yml"
	const rules = `groups: [{rules: [{expr: "rate(a_total[1m]) / on () group_left b and c{d=\"$e\"} offset 5m"}, {expr: "topk($f, g)"}]}]`
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := namesIn(t, file), []string{"a_total", "b", "c", "g"}; !slices.Equal(got, want) {
		t.Errorf("names are %v, want %v", got, want)
	}
	if names := alertNames(t); !slices.Contains(names, "grpc_lb_usable_subchannels") || slices.Contains(names, "fleet:grpc_lb_clients:count") {
		t.Errorf("the alerts need %v, want the clients' series", names)
	}
	for _, file := range []string{dashboardFile, rulesFile} {
		if names := namesIn(t, file); !slices.Contains(names, "grpc_lb_picks_total") {
			t.Errorf("%s selects %v, want grpc_lb_picks_total among them", file, names)
		}
	}
}
