// Package dashboard makes ops/dashboard.json from a table.
//
// The panels are in now.go, worst.go, traffic.go, imbalance.go and connections.go, row
// by row, in the order of the dashboard. The table says what a panel shows. The panel's
// position and id follow from its place in the table. The functions in promql.go build
// the queries, with the dashboard's menus. Everything else that Grafana needs is in
// dashboard.json.tmpl.
//
// After a change run go generate in this folder.
package dashboard

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"text/template"
)

//go:generate go test . -run TestTheFileIsWhatTheTableSays -update

// row is a heading and its panels.
type row struct {
	title  string
	panels []panel
}

// panel is a graph, unless Kind says otherwise.
type panel struct {
	Title, Description string
	Kind               kind
	Unit               string // Grafana's name: reqps and cps are per second
	Decimals           int    // 0: Grafana chooses
	Max                int    // of the axis, which starts at 0; 0: Grafana chooses
	LivePage           bool   // a click on a line opens the live page of its instance
	Queries            []query

	width, height int // 0: half of the whole width, and panelHeight
}

// kind is the type of a panel, by Grafana's name.
type kind string

const (
	graph kind = ""
	stat  kind = "stat"  // numbers
	table kind = "table" // a row for each backend, and a column for each query
)

// query is a PromQL query and the legend of its lines.
type query struct{ Legend, Expr string }

func rows() []row {
	return []row{
		{"Now", statPanels()},
		{"Backends by badness", []panel{worstBackends()}},
		{"Traffic share per backend", trafficPanels()},
		{"Errors", errorPanels()},
		{"Latency (opt-in)", latencyPanels()},
		{"Imbalance", imbalancePanels()},
		{"Connection states and churn", slices.Concat(connectionPanels(), updatePanels())},
		{"Waiting picks", waitPanels()},
	}
}

//go:embed dashboard.json.tmpl
var text string

var file = template.Must(template.New("dashboard.json").Funcs(template.FuncMap{
	"json":  quoted,
	"refID": func(i int) string { return string(rune('A' + i)) },
	"add":   func(a, b int) int { return a + b },
}).Parse(text))

// JSON returns the content of dashboard.json.
func JSON() ([]byte, error) {
	var loose, indented bytes.Buffer
	err := file.Execute(&loose, map[string]any{
		"Menus": menus, "Panels": layOut(rows()), "Annotations": annotations(), "Columns": columns(), "SortedBy": byBadness,
	})
	if err != nil {
		return nil, fmt.Errorf("dashboard: fill dashboard.json.tmpl: %w", err)
	}
	if err := json.Indent(&indented, loose.Bytes(), "", "  "); err != nil {
		return nil, fmt.Errorf("dashboard: indent the output of dashboard.json.tmpl: %w", err)
	}
	return indented.Bytes(), nil
}

// quoted returns the text as JSON. Unlike json.Marshal it does not escape < and >, so
// that the queries in the file are readable.
func quoted(text string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return b.String(), err
}
