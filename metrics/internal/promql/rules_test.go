package promql_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	rulesFile  = "../../ops/rules.yml"
	alertsFile = "../../ops/alerts.yml"
)

// readRuleFile reads rules as Prometheus does.
func readRuleFile(t *testing.T, file string) (rules []rulefmt.Rule) {
	t.Helper()
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), nil)
	if len(errs) > 0 {
		t.Fatalf("read rules: %v", errors.Join(errs...))
	}
	for _, group := range groups.Groups {
		rules = append(rules, group.Rules...)
	}
	return rules
}

// readRecordings returns the recording rules, in the order in which they are evaluated.
func readRecordings(t *testing.T) []rulefmt.Rule {
	t.Helper()
	rules := readRuleFile(t, rulesFile)
	for _, rule := range rules {
		if rule.Record == "" {
			t.Errorf("%s has the alert %s; alerts belong in %s", rulesFile, rule.Alert, alertsFile)
		}
	}
	return rules
}

// readAlerts returns the alerts.
func readAlerts(t *testing.T) []rulefmt.Rule {
	t.Helper()
	rules := readRuleFile(t, alertsFile)
	for _, rule := range rules {
		if rule.Alert == "" {
			t.Errorf("%s records %s; recording rules belong in %s", alertsFile, rule.Record, rulesFile)
		}
	}
	return rules
}

// withRecorded returns the catalog, and in it what the recording rules record. A rule
// may use only what is recorded before it.
func (c catalog) withRecorded(t *testing.T) catalog {
	t.Helper()
	all := maps.Clone(c)
	for _, rule := range readRecordings(t) {
		if _, twice := all[rule.Record]; twice {
			t.Errorf("%s is recorded twice", rule.Record)
		}
		labels, problems := all.check(rule.Expr)
		for _, problem := range problems {
			t.Errorf("%s: %s", rule.Record, problem)
		}
		all[rule.Record] = labels
	}
	return all
}
