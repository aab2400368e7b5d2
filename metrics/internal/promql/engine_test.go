package promql_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// engine is Prometheus's query engine over a storage of this package.
type engine struct {
	promql  *promql.Engine
	storage *storage
}

func newEngine(t *testing.T, st *storage) engine {
	t.Helper()
	e := promql.NewEngine(promql.EngineOpts{
		MaxSamples:       1e6,
		Timeout:          time.Minute,
		EnableAtModifier: true, // as in a server
		Parser:           parser.NewParser(parser.Options{}),
	})
	t.Cleanup(func() { _ = e.Close() })
	return engine{e, st}
}

// query returns the result of an expression.
func (e engine) query(t *testing.T, expr string, at time.Time) promql.Vector {
	t.Helper()
	query, err := e.promql.NewInstantQuery(t.Context(), e.storage, nil, expr, at)
	if err != nil {
		t.Fatalf("query %s: %v", expr, err)
	}
	defer query.Close()
	answer := query.Exec(t.Context())
	vector, err := answer.Vector()
	if err != nil {
		t.Fatalf("query %s: %v", expr, err)
	}
	if len(answer.Warnings) > 0 {
		t.Errorf("query %s: warnings: %v", expr, answer.Warnings.AsErrors())
	}
	return slices.Clone(vector)
}

// grafana evaluates the dashboard on the series that a server has stored.
type grafana struct {
	engine

	t         *testing.T
	dashboard dashboard
	values    map[string]string // of the dashboard's variables
	now       time.Time
}

// newGrafana opens the dashboard at the time of the last scrape.
func newGrafana(t *testing.T, s server, recorded []scrape) *grafana {
	t.Helper()
	return openGrafana(t, s.store(recorded), recorded[len(recorded)-1].at)
}

func openGrafana(t *testing.T, st *storage, now time.Time) *grafana {
	t.Helper()
	g := &grafana{engine: newEngine(t, st), t: t, dashboard: readDashboard(t), now: now}
	g.values = g.dashboard.values()
	return g
}

// lines are the values at one moment, by their legend.
type lines map[string]float64

// show returns the lines of all of a panel's queries.
func (g *grafana) show(title string) lines {
	g.t.Helper()
	all := make(lines)
	for _, p := range g.dashboard.graphs() {
		if p.Title == title {
			for _, q := range p.Targets {
				maps.Copy(all, g.run(q))
			}
			return all
		}
	}
	g.t.Errorf("no panel is called %q", title)
	return nil
}

func (g *grafana) run(q query) lines {
	g.t.Helper()
	expr, _, _ := substitute(q.Expr, g.values)
	all := make(lines)
	for _, s := range g.query(g.t, expr, g.now) {
		legend := legendLabel.ReplaceAllStringFunc(q.LegendFormat, func(use string) string {
			return s.Metric.Get(legendLabel.FindStringSubmatch(use)[1])
		})
		if _, twice := all[legend]; twice {
			g.t.Errorf("query %s: two lines have the legend %q", expr, legend)
		}
		all[legend] = s.F
	}
	return all
}
