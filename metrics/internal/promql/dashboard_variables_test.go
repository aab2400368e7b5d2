package promql_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"
)

var labelValues = regexp.MustCompile(`^label_values\((.+), *(\w+)\)$`)

func TestVariablesAreDefinedAndUsed(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	c := readCatalog(t)
	kinds := make(map[string]string)
	unused := make(map[string]bool)
	for _, v := range d.Templating.List {
		if v.Name == "" || v.Label == "" || kinds[v.Name] != "" {
			t.Errorf("variable %q needs a unique name and a label", v.Name)
		}
		kinds[v.Name], unused[v.Name] = v.Type, true
	}
	want := map[string]string{
		"datasource": "datasource", "cluster": "query", "namespace": "query", "job": "query", "instance": "query",
		"target": "query", "policy": "query", "top": "custom",
	}
	if !maps.Equal(kinds, want) {
		t.Errorf("variables are %v, want %v", kinds, want)
	}
	use := func(where, text string) string {
		result, used, undefined := substitute(text, d.values())
		if len(undefined) > 0 {
			t.Errorf("%s uses variables that are not defined: %v", where, undefined)
		}
		for _, name := range used {
			delete(unused, name)
		}
		return result
	}
	for _, v := range d.Templating.List {
		switch v.Type {
		case "datasource":
			if got := v.queryOf(t); got != "prometheus" {
				t.Errorf("variable %s offers data sources of the type %q, want prometheus", v.Name, got)
			}
		case "query":
			use("variable "+v.Name, v.Datasource.UID)
			checkLabelValues(t, c, v, use("variable "+v.Name, v.queryOf(t)))
		}
	}
	for _, p := range d.graphs() {
		for _, text := range []string{p.Title, p.Description, p.Datasource.UID} {
			use("panel "+p.Title, text)
		}
		for _, q := range p.Targets {
			for _, text := range []string{q.Expr, q.LegendFormat, q.Datasource.UID} {
				use("panel "+p.Title, text)
			}
		}
	}
	if len(unused) > 0 {
		t.Errorf("unused variables: %v", slices.Sorted(maps.Keys(unused)))
	}
}

func checkLabelValues(t *testing.T, c catalog, v variable, text string) {
	t.Helper()
	if !v.Multi || !v.IncludeAll || v.AllValue == "" {
		t.Errorf("variable %s: the user cannot select several values, or all", v.Name)
	}
	found := labelValues.FindStringSubmatch(text)
	if found == nil {
		t.Errorf("variable %s: query is %q, want label_values(metric, label)", v.Name, text)
		return
	}
	has, problems := c.check(found[1])
	for _, problem := range problems {
		t.Errorf("variable %s: %s", v.Name, problem)
	}
	if !has[found[2]] && !ofSomeScrapes[found[2]] {
		t.Errorf("variable %s: no label is called %q; the labels are %v", v.Name, found[2], has)
	}
}
