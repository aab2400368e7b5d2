package promql_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

const (
	alertsFile     = "../../ops/alerts.yml"
	alertTestsFile = "../../ops/alerts_test.yml"
)

// readAlerts reads the alerts as Prometheus does.
func readAlerts(t *testing.T) (rules []rulefmt.Rule) {
	t.Helper()
	groups, errs := rulefmt.ParseFile(alertsFile, false, model.UTF8Validation, parser.NewParser(parser.Options{}), nil)
	if len(errs) > 0 {
		t.Fatalf("read alerts: %v", errors.Join(errs...))
	}
	for _, group := range groups.Groups {
		rules = append(rules, group.Rules...)
	}
	return rules
}

// alertTests is the part of promtool's test files that these tests check.
type alertTests struct {
	RuleFiles []string    `yaml:"rule_files"`
	Tests     []alertTest `yaml:"tests"`
}

type alertTest struct {
	Name        string `yaml:"name"`
	InputSeries []struct {
		Series string `yaml:"series"`
	} `yaml:"input_series"`
	AlertRuleTest []struct {
		Alertname string           `yaml:"alertname"`
		ExpAlerts []map[string]any `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
}

func readAlertTests(t *testing.T) (tests alertTests) {
	t.Helper()
	content, err := os.ReadFile(alertTestsFile)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&tests); err != nil {
		t.Fatalf("%s: %v", alertTestsFile, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Fatalf("%s has a second YAML document, which promtool does not read", alertTestsFile)
	}
	return tests
}

func TestEveryAlertIsTestedBothWays(t *testing.T) {
	t.Parallel()
	tests := readAlertTests(t)
	if len(tests.RuleFiles) != 1 || tests.RuleFiles[0] != "alerts.yml" {
		t.Errorf("the tests are for %v, want alerts.yml", tests.RuleFiles)
	}
	fires, silent := make(map[string]bool), make(map[string]bool)
	for _, test := range tests.Tests {
		fired := make(map[string]bool)
		for _, at := range test.AlertRuleTest {
			fired[at.Alertname] = fired[at.Alertname] || len(at.ExpAlerts) > 0
		}
		for name, f := range fired {
			if f {
				fires[name] = true
			} else {
				silent[name] = true // during the whole test, not only while it is pending
			}
		}
	}
	alerts := make(map[string]bool)
	for _, rule := range readAlerts(t) {
		alerts[rule.Alert] = true
		if !fires[rule.Alert] {
			t.Errorf("%s has no test in which it fires", rule.Alert)
		}
		if !silent[rule.Alert] {
			t.Errorf("%s has no test in which it stays silent", rule.Alert)
		}
	}
	maps.Copy(silent, fires)
	for name := range silent {
		if !alerts[name] {
			t.Errorf("the tests have an alert %s that does not exist", name)
		}
	}
}

// A test with series that cannot exist proves nothing: the alert is silent then.
func TestSeriesOfAlertTestsFitTheMetrics(t *testing.T) {
	t.Parallel()
	c := readCatalog(t)
	p := parser.NewParser(parser.Options{})
	for _, test := range readAlertTests(t).Tests {
		if len(test.InputSeries) == 0 {
			t.Errorf("test %q has no series", test.Name)
		}
		for _, input := range test.InputSeries {
			series, err := p.ParseMetric(input.Series)
			if err != nil {
				t.Errorf("test %q: series %s: %v", test.Name, input.Series, err)
				continue
			}
			want, ok := c[series.Get(model.MetricNameLabel)]
			if !ok {
				t.Errorf("test %q: no metric is called %s", test.Name, input.Series)
				continue
			}
			got := make(labelSet)
			series.Range(func(l labels.Label) { got[l.Name] = true })
			if want := want.with(model.MetricNameLabel).without(foreign); !maps.Equal(got, want) {
				t.Errorf("test %q: series has the labels %v, want %v: %s", test.Name, got, want, input.Series)
			}
		}
	}
}
