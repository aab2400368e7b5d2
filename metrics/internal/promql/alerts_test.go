package promql_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

const (
	ruleTestsFile        = "../../ops/rules_test.yml"
	alertTestsFile       = "../../ops/alerts_test.yml"
	alertsAloneTestsFile = "../../ops/alerts_alone_test.yml" // for alerts without the recording rules
)

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

func readAlertTests(t *testing.T, file string) (tests alertTests) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&tests); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Fatalf("%s has a second YAML document, which promtool does not read", file)
	}
	return tests
}

func TestEveryAlertIsTestedBothWays(t *testing.T) {
	t.Parallel()
	tests, alone := readAlertTests(t, alertTestsFile), readAlertTests(t, alertsAloneTestsFile)
	if want := []string{"rules.yml", "alerts.yml"}; !slices.Equal(tests.RuleFiles, want) {
		t.Errorf("the tests are for %v, want %v", tests.RuleFiles, want)
	}
	if want := []string{"alerts.yml"}; !slices.Equal(alone.RuleFiles, want) {
		t.Errorf("%s is for %v, want %v", alertsAloneTestsFile, alone.RuleFiles, want)
	}
	fires, silent := make(map[string]bool), make(map[string]bool)
	for _, test := range slices.Concat(tests.Tests, alone.Tests) {
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
func TestSeriesOfRuleTestsFitTheMetrics(t *testing.T) {
	t.Parallel()
	c := readCatalog(t)
	p := parser.NewParser(parser.Options{})
	all := slices.Concat(readAlertTests(t, alertTestsFile).Tests, readAlertTests(t, alertsAloneTestsFile).Tests, readAlertTests(t, ruleTestsFile).Tests)
	for _, test := range all {
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
