package promql_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

var (
	legendLabel     = regexp.MustCompile(`\{\{ *(\w+) *\}\}`)
	annotationLabel = regexp.MustCompile(`\$labels\.(\w+)`)
	ranges          = regexp.MustCompile(`\[[^\]]*\]`)
)

func TestDashboardQueriesFitTheMetrics(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	c := readCatalog(t)
	for _, p := range d.graphs() {
		for _, q := range p.Targets {
			expr, _, _ := substitute(q.Expr, d.values())
			result, problems := c.check(expr)
			for _, problem := range problems {
				t.Errorf("panel %q, query %s: %s", p.Title, q.RefID, problem)
			}
			for _, found := range legendLabel.FindAllStringSubmatch(q.LegendFormat, -1) {
				if !result[found[1]] {
					t.Errorf("panel %q, query %s: the legend uses %q, but the result only has %v", p.Title, q.RefID, found[1], result)
				}
			}
			for label := range result {
				if !strings.Contains(q.LegendFormat, "{{"+label+"}}") {
					t.Errorf("panel %q, query %s: with the legend %q, series with different %s look the same", p.Title, q.RefID, q.LegendFormat, label)
				}
			}
		}
	}
}

// A rate over a fixed range has gaps when the user zooms out, and no data when scrapes
// are less frequent. Numbers and tables are of one moment, and may look back further.
func TestDashboardRangesFollowTheScrapeInterval(t *testing.T) {
	t.Parallel()
	for _, p := range readDashboard(t).graphs() {
		for _, q := range p.Targets {
			for _, found := range ranges.FindAllString(q.Expr, -1) {
				lately := p.Type != "timeseries" && found == "[5m]"
				if found != "[$__rate_interval]" && !lately {
					t.Errorf("panel %q, query %s: range is %s, want [$__rate_interval]", p.Title, q.RefID, found)
				}
			}
		}
	}
}

// There may be thousands of backends, so panels by backend need a limit. It is one for
// each target: the backends of a busy target would drive those of the others out.
func TestPanelsByBackendHaveALimit(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	c := readCatalog(t)
	limited := 0
	for _, p := range d.graphs() {
		for _, q := range p.Targets {
			expr, _, _ := substitute(q.Expr, d.values())
			result, _ := c.check(expr)
			switch {
			case !result["grpc_lb_backend"] && !result["instance"] && !result[foreign]:
			case !isLimited(t, expr) || !strings.Contains(q.Expr, "k by (grpc_target, grpc_lb_policy) ($top,"):
				t.Errorf("panel %q, query %s has a line for each %v; limit it with topk by (grpc_target, grpc_lb_policy) ($top, …)", p.Title, q.RefID, result)
			default:
				limited++
			}
		}
	}
	if limited == 0 {
		t.Error("the dashboard has no panel by backend")
	}
}

// If series were ranked at each moment, lines would break where the rank changes.
func TestLeadersAreRankedAtTheEndOfTheGraph(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	ranked := 0
	for _, p := range d.graphs() {
		for _, q := range p.Targets {
			expr, _, _ := substitute(q.Expr, d.values())
			for _, selector := range rankOf(t, expr) {
				ranked++
				if selector.StartOrEnd != parser.END {
					t.Errorf("panel %q, query %s ranks by %s, want it @ end()", p.Title, q.RefID, selector)
				}
			}
		}
	}
	if ranked == 0 {
		t.Error("no panel shows leaders")
	}
}

// rankOf returns the expression by which "vector and topk(…)" ranks the vector.
func rankOf(t *testing.T, expr string) []*parser.VectorSelector {
	t.Helper()
	and, ok := parse(t, expr).(*parser.BinaryExpr)
	if !ok || and.Op != parser.LAND {
		return nil
	}
	return selectorsIn(and.RHS)
}

func parse(t *testing.T, expr string) parser.Expr {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Fatalf("expression %s: %v", expr, err)
	}
	return parsed
}

// selectorsIn returns what the expression selects, at any depth.
func selectorsIn(e parser.Expr) (selectors []*parser.VectorSelector) {
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			selectors = append(selectors, s)
		}
		return nil
	})
	return selectors
}

// isLimited reports whether the expression is a topk or bottomk of each target, or a
// vector restricted by one, and ranks nowhere else.
func isLimited(t *testing.T, expr string) bool {
	t.Helper()
	parsed := parse(t, expr)
	if b, ok := parsed.(*parser.BinaryExpr); ok && b.Op == parser.LAND {
		parsed = b.RHS
	}
	return ranksWithinTargets(parsed)
}

func ranksWithinTargets(e parser.Expr) bool {
	a, ok := e.(*parser.AggregateExpr)
	return ok && (a.Op == parser.TOPK || a.Op == parser.BOTTOMK) && !a.Without && slices.Equal(a.Grouping, []string{"grpc_target", "grpc_lb_policy"})
}

func TestAlertExpressionsFitTheMetrics(t *testing.T) {
	t.Parallel()
	c := readCatalog(t).withRecorded(t)
	for _, rule := range readAlerts(t) {
		result, problems := c.check(rule.Expr)
		for _, problem := range problems {
			t.Errorf("%s: %s", rule.Alert, problem)
		}
		for kind, text := range rule.Annotations {
			for _, found := range annotationLabel.FindAllStringSubmatch(text, -1) {
				if !result[found[1]] {
					t.Errorf("%s: %s uses the label %q, but the result only has %v", rule.Alert, kind, found[1], result)
				}
			}
		}
		if !result[foreign] {
			t.Errorf("%s: the result only has the labels %v, without those that a user's scrape config adds; use without instead of by", rule.Alert, result)
		}
	}
}

func TestEveryAlertIsComplete(t *testing.T) {
	t.Parallel()
	names := make(map[string]bool)
	for _, rule := range readAlerts(t) {
		if rule.Alert == "" || names[rule.Alert] {
			t.Errorf("alert %q needs a unique name: %s", rule.Alert, rule.Expr)
		}
		names[rule.Alert] = true
		if rule.For == 0 {
			t.Errorf("%s fires at once; give it a for", rule.Alert)
		}
		if severities := []string{"critical", "warning", "info"}; !slices.Contains(severities, rule.Labels["severity"]) {
			t.Errorf("%s has the severity %q, want one of %v", rule.Alert, rule.Labels["severity"], severities)
		}
		for _, kind := range []string{"summary", "description", "runbook_url"} {
			if rule.Annotations[kind] == "" {
				t.Errorf("%s has no %s", rule.Alert, kind)
			}
		}
	}
	if len(names) == 0 {
		t.Error("the file has no alerts")
	}
}

// A recording must keep the labels that a user's scrape config adds, as an alert must.
func TestRecordingsKeepTheLabelsOfTheScrape(t *testing.T) {
	t.Parallel()
	c := readCatalog(t).withRecorded(t)
	for _, rule := range readRecordings(t) {
		level, _, _ := strings.Cut(rule.Record, ":")
		result := c[rule.Record]
		if !result[foreign] || !result["job"] {
			t.Errorf("%s only has the labels %v; use without instead of by", rule.Record, result)
		}
		if want := strings.HasPrefix(level, "client"); result["instance"] != want {
			t.Errorf("%s has the label instance: %t, want %t", rule.Record, !want, want)
		}
		if want := strings.HasSuffix(level, "_backend"); result["grpc_lb_backend"] != want {
			t.Errorf("%s has the label grpc_lb_backend: %t, want %t", rule.Record, !want, want)
		}
	}
}
