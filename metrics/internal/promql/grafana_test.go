package promql_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
)

const dashboardFile = "../../ops/dashboard.json"

// dashboard is the part of Grafana's dashboard model that the tests check.
type dashboard struct {
	ID            any    `json:"id"`
	UID           string `json:"uid"`
	Title         string `json:"title"`
	SchemaVersion int    `json:"schemaVersion"`
	Templating    struct {
		List []variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []annotation `json:"list"`
	} `json:"annotations"`
	Links  []link  `json:"links"`
	Panels []panel `json:"panels"`
}

type annotation struct {
	Name        string `json:"name"`
	Enable      bool   `json:"enable"`
	Expr        string `json:"expr"`
	TitleFormat string `json:"titleFormat"`
	TextFormat  string `json:"textFormat"`
}

type link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

type variable struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Label      string          `json:"label"`
	Multi      bool            `json:"multi"`
	IncludeAll bool            `json:"includeAll"`
	AllValue   string          `json:"allValue"`
	Datasource datasource      `json:"datasource"`
	Query      json.RawMessage `json:"query"` // a string, or an object for the type query
	Current    struct {
		Value any `json:"value"`
	} `json:"current"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panel struct {
	ID          int        `json:"id"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Datasource  datasource `json:"datasource"`
	GridPos     struct {
		X, Y, W, H int
	} `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit  string `json:"unit"`
			Links []link `json:"links"`
		} `json:"defaults"`
		Overrides []struct {
			Matcher struct {
				ID      string `json:"id"`
				Options string `json:"options"`
			} `json:"matcher"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
	Options struct {
		Legend struct {
			ShowLegend bool `json:"showLegend"`
		} `json:"legend"`
		TextMode string   `json:"textMode"` // of numbers
		SortBy   []sortBy `json:"sortBy"`   // of a table
	} `json:"options"`
	Transformations []transformation `json:"transformations"`
	Panels          []panel          `json:"panels"` // of a row that is collapsed
	Targets         []query          `json:"targets"`
}

type sortBy struct {
	DisplayName string `json:"displayName"`
	Desc        bool   `json:"desc"`
}

type transformation struct {
	ID      string `json:"id"`
	Options struct {
		RenameByName map[string]string `json:"renameByName"`
		IndexByName  map[string]int    `json:"indexByName"`
	} `json:"options"`
}

type query struct {
	RefID        string     `json:"refId"`
	Format       string     `json:"format"`
	Instant      bool       `json:"instant"`
	Expr         string     `json:"expr"`
	LegendFormat string     `json:"legendFormat"`
	Datasource   datasource `json:"datasource"`
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	decodeDashboard(t, &d)
	return d
}

func decodeDashboard(t *testing.T, into any) {
	t.Helper()
	content, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", dashboardFile, err)
	}
}

// graphs returns the panels that are not rows.
func (d dashboard) graphs() (graphs []panel) {
	for _, p := range d.Panels {
		if p.Type != "row" {
			graphs = append(graphs, p)
		}
	}
	return graphs
}

// queryOf returns the query of a variable. Only variables of the type query have it in
// an object; for the others it is a plain text.
func (v variable) queryOf(t *testing.T) string {
	t.Helper()
	var text string
	if json.Unmarshal(v.Query, &text) == nil {
		return text
	}
	var object struct {
		Query string `json:"query"`
	}
	if err := json.Unmarshal(v.Query, &object); err != nil {
		t.Errorf("variable %s: query %s: %v", v.Name, v.Query, err)
	}
	return object.Query
}

// global has Grafana's own variables, with their values for a scrape interval of 15 s
// and a time range of an hour.
var global = map[string]string{
	"__rate_interval":    "1m",
	"__rate_interval_ms": "60000",
}

// values returns the values of the dashboard's variables when it is opened.
func (d dashboard) values() map[string]string {
	values := make(map[string]string)
	for _, v := range d.Templating.List {
		switch value := v.Current.Value.(type) {
		case string:
			values[v.Name] = value
		default:
			values[v.Name] = v.AllValue
		}
	}
	return values
}

var variableUse = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)

// substitute replaces variables by their values. It also returns the names of the
// variables that it replaced, and of those that do not exist.
func substitute(text string, values map[string]string) (result string, used, undefined []string) {
	result = variableUse.ReplaceAllStringFunc(text, func(use string) string {
		found := variableUse.FindStringSubmatch(use)
		name := found[1] + found[2]
		if value, ok := global[name]; ok {
			return value
		}
		value, ok := values[name]
		if !ok {
			undefined = append(undefined, name)
			return use
		}
		used = append(used, name)
		return value
	})
	return result, used, undefined
}
