package promql_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

var theDatasource = datasource{Type: "prometheus", UID: "${datasource}"}

func TestDashboardCanBeImported(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	if d.ID != nil {
		t.Errorf("id is %v, want null: Grafana gives one on import", d.ID)
	}
	if d.UID == "" || d.Title == "" {
		t.Errorf("uid is %q, title is %q, want both", d.UID, d.Title)
	}
	if d.SchemaVersion < 39 {
		t.Errorf("schemaVersion is %d, want 39 or more", d.SchemaVersion)
	}
	var all any
	decodeDashboard(t, &all)
	for path, found := range datasourcesIn("", all) {
		if got, ok := found.(map[string]any); !ok || got["type"] != theDatasource.Type || got["uid"] != theDatasource.UID {
			t.Errorf("%s is %v, want %v: another Grafana does not have this one", path, found, theDatasource)
		}
	}
}

// datasourcesIn returns all values with the key datasource in the JSON.
func datasourcesIn(path string, node any) map[string]any {
	all := make(map[string]any)
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if key == "datasource" {
				all[path+"."+key] = value
			} else {
				maps.Copy(all, datasourcesIn(path+"."+key, value))
			}
		}
	case []any:
		for i, value := range node {
			maps.Copy(all, datasourcesIn(fmt.Sprintf("%s[%d]", path, i), value))
		}
	}
	return all
}

func TestEveryPanelIsComplete(t *testing.T) {
	t.Parallel()
	ids, titles := make(map[int]string), make(map[string]bool)
	for _, p := range readDashboard(t).Panels {
		if other, taken := ids[p.ID]; taken || p.ID == 0 {
			t.Errorf("panel %q has the id %d, which %q has, too; want a unique id", p.Title, p.ID, other)
		}
		if p.Title == "" || titles[p.Title] {
			t.Errorf("panel %d has the title %q, want a unique title", p.ID, p.Title)
		}
		ids[p.ID], titles[p.Title] = p.Title, true
		if len(p.Panels) > 0 {
			t.Errorf("row %q hides panels; open it, so that these tests see them", p.Title)
		}
		if p.Type != "row" {
			checkPanel(t, p)
		}
	}
	if len(ids) == 0 {
		t.Error("the dashboard has no panels")
	}
}

func checkPanel(t *testing.T, p panel) {
	t.Helper()
	if p.Description == "" {
		t.Errorf("panel %q has no description", p.Title)
	}
	if p.FieldConfig.Defaults.Unit == "" {
		t.Errorf("panel %q has no unit", p.Title)
	}
	switch p.Type {
	case "timeseries":
		if !p.Options.Legend.ShowLegend {
			t.Errorf("panel %q shows no legend", p.Title)
		}
	case "stat":
		if p.Options.TextMode != "value_and_name" {
			t.Errorf("panel %q shows numbers without names", p.Title)
		}
	case "table":
		checkTable(t, p)
	default:
		t.Errorf("panel %q is a %s, which these tests do not know", p.Title, p.Type)
	}
	if p.Datasource != theDatasource {
		t.Errorf("panel %q has the data source %v, want %v", p.Title, p.Datasource, theDatasource)
	}
	refs := make(map[string]bool)
	for _, q := range p.Targets {
		if q.Datasource != theDatasource {
			t.Errorf("panel %q, query %s: data source is %v, want %v", p.Title, q.RefID, q.Datasource, theDatasource)
		}
		if q.LegendFormat == "" {
			t.Errorf("panel %q, query %s has no legend", p.Title, q.RefID)
		}
		if q.RefID == "" || refs[q.RefID] {
			t.Errorf("panel %q: query %q needs a unique refId", p.Title, q.RefID)
		}
		refs[q.RefID] = true
	}
	if len(refs) == 0 {
		t.Errorf("panel %q has no query", p.Title)
	}
}

// checkTable demands that each query is a column with a name of its own, and that the
// table is sorted by one, the worst first.
func checkTable(t *testing.T, p panel) {
	t.Helper()
	var rename map[string]string
	var index map[string]int
	for _, tr := range p.Transformations {
		if tr.ID == "organize" {
			rename, index = tr.Options.RenameByName, tr.Options.IndexByName
		}
	}
	columns := make(map[string]bool)
	for _, label := range []string{"grpc_target", "grpc_lb_policy", "grpc_lb_backend"} {
		columns[rename[label]] = true
	}
	for _, q := range p.Targets {
		field := "Value #" + q.RefID
		name, at := rename[field], index[field]
		if name == "" || columns[name] || at < 3 {
			t.Errorf("panel %q, query %s is column %d, %q, want a name of its own after the labels", p.Title, q.RefID, at, name)
		}
		columns[name] = true
		if q.Format != "table" || !q.Instant {
			t.Errorf("panel %q, query %s has the format %q, want an instant table", p.Title, q.RefID, q.Format)
		}
		if want := name + " "; q.LegendFormat[:min(len(want), len(q.LegendFormat))] != want {
			t.Errorf("panel %q, query %s has the legend %q, want it to begin with its column %q", p.Title, q.RefID, q.LegendFormat, name)
		}
	}
	for _, o := range p.FieldConfig.Overrides {
		if !columns[o.Matcher.Options] {
			t.Errorf("panel %q has an override for %q, which is no column", p.Title, o.Matcher.Options)
		}
	}
	if len(p.Options.SortBy) != 1 || !columns[p.Options.SortBy[0].DisplayName] || !p.Options.SortBy[0].Desc {
		t.Errorf("panel %q is sorted by %v, want a column, the highest first", p.Title, p.Options.SortBy)
	}
}

func TestPanelsDoNotOverlap(t *testing.T) {
	t.Parallel()
	type cell struct{ x, y int }
	taken := make(map[cell]string)
	for _, p := range readDashboard(t).Panels {
		g := p.GridPos
		if g.W <= 0 || g.H <= 0 || g.X < 0 || g.Y < 0 || g.X+g.W > 24 {
			t.Errorf("panel %q is at %+v, want it within the 24 columns", p.Title, g)
			continue
		}
		overlapped := make(map[string]bool)
		for i := range g.W * g.H {
			at := cell{g.X + i%g.W, g.Y + i/g.W}
			if other, ok := taken[at]; ok {
				overlapped[other] = true
			}
			taken[at] = p.Title
		}
		for other := range overlapped {
			t.Errorf("panel %q overlaps %q", p.Title, other)
		}
	}
}

// Annotations of the alerts' own series are not in the catalog.
func TestAnnotationsFitTheMetrics(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	c := readCatalog(t)
	c["ALERTS"] = newLabelSet("alertname", "alertstate", "severity", "grpc_target", "grpc_lb_policy", "grpc_lb_backend").with(ofScrape...)
	for _, a := range d.Annotations.List {
		expr, _, undefined := substitute(a.Expr, d.values())
		result, problems := c.check(expr)
		for _, problem := range problems {
			t.Errorf("annotation %q: %s", a.Name, problem)
		}
		if len(undefined) > 0 {
			t.Errorf("annotation %q uses variables that are not defined: %v", a.Name, undefined)
		}
		for _, found := range legendLabel.FindAllStringSubmatch(a.TitleFormat+a.TextFormat, -1) {
			if !result[found[1]] {
				t.Errorf("annotation %q uses the label %q, but the result only has %v", a.Name, found[1], result)
			}
		}
		if !a.Enable || a.TitleFormat == "" {
			t.Errorf("annotation %q is switched off or has no title", a.Name)
		}
	}
	if len(d.Annotations.List) != 2 {
		t.Errorf("there are %d annotations, want those of resolver updates and alerts", len(d.Annotations.List))
	}
}

// A line that belongs to a client leads to the client's live page.
func TestClientsHaveLinksToTheirLivePages(t *testing.T) {
	t.Parallel()
	const page = "http://${__field.labels.instance}/debug/lb"
	d := readDashboard(t)
	links := 0
	for _, p := range d.graphs() {
		byClient := false
		for _, q := range p.Targets {
			byClient = byClient || strings.Contains(q.LegendFormat, "{{instance}}")
		}
		found := slices.ContainsFunc(p.FieldConfig.Defaults.Links, func(l link) bool { return l.URL == page })
		if found != byClient {
			t.Errorf("panel %q shows clients: %t, and leads to live pages: %t", p.Title, byClient, found)
		}
		if found {
			links++
		}
	}
	if links == 0 {
		t.Error("no panel leads to a live page")
	}
	if !slices.ContainsFunc(d.Links, func(l link) bool { return l.URL == "http://${instance}/debug/lb" }) {
		t.Errorf("the dashboard has the links %v, want one to the live page of the chosen client", d.Links)
	}
}
