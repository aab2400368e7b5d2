package promql_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
)

// evaluationInterval is that of the rules in the plays.
const evaluationInterval = 30 * time.Second

// ruler does what a Prometheus server does with rules: it stores what the recording
// rules record, and follows the alerts. It uses Prometheus's engine.
type ruler struct {
	*engineJudge

	recordings, alerts []rulefmt.Rule
	recorded           map[string]map[string]labels.Labels // the last series of each rule, by their labels
	active             map[alarm]time.Time                 // alerts, since when
}

// alarm is an alert with the labels that tell it from others of its name. They are as
// in a series, without job.
type alarm struct{ alert, labels string }

func (a alarm) String() string { return strings.TrimSpace(a.alert + " " + a.labels) }

func newRuler(t *testing.T, kind server, p performance) *ruler {
	t.Helper()
	recordings, alerts := readRecordings(t), readAlerts(t)
	used := namesUsed(t, slices.Concat(recordings, alerts))
	for i := range p.pages {
		p.pages[i].families = slices.DeleteFunc(p.pages[i].families, func(f *dto.MetricFamily) bool { return !used[f.GetName()] })
	}
	return &ruler{
		engineJudge: newEngineJudge(t, kind, false, p),
		recordings:  recordings,
		alerts:      alerts,
		recorded:    make(map[string]map[string]labels.Labels),
		active:      make(map[alarm]time.Time),
	}
}

// namesUsed returns the names of the metrics that the rules use. The storage does not
// need the others, which are most.
func namesUsed(t *testing.T, rules []rulefmt.Rule) labelSet {
	t.Helper()
	used := make(labelSet)
	for _, rule := range rules {
		for _, s := range selectorsIn(parse(t, rule.Expr)) {
			used[s.Name] = true
		}
	}
	return used
}

// evaluate evaluates all rules, and returns the alerts that fire.
func (r *ruler) evaluate(t *testing.T, at time.Time) (firing []alarm) {
	t.Helper()
	for _, rule := range r.recordings {
		r.record(t, rule, at)
	}
	active := make(map[alarm]time.Time)
	for _, rule := range r.alerts {
		for _, s := range r.query(t, rule.Expr, at) {
			a := alarm{rule.Alert, alarmLabels(s.Metric)}
			since, known := r.active[a]
			if !known {
				since = at
			}
			active[a] = since
			if at.Sub(since) >= time.Duration(rule.For) {
				firing = append(firing, a)
			}
		}
	}
	r.active = active
	return firing
}

// record stores the result of a recording rule, and the ends of the series that it no
// longer has.
func (r *ruler) record(t *testing.T, rule rulefmt.Rule, at time.Time) {
	t.Helper()
	found := make(map[string]labels.Labels)
	for _, s := range r.query(t, rule.Expr, at) {
		l := labels.NewBuilder(s.Metric).Set(model.MetricNameLabel, rule.Record).Labels()
		found[l.String()] = l
		r.storage.add(l, sample{at: at.UnixMilli(), f: s.F})
	}
	for key, gone := range r.recorded[rule.Record] {
		if _, still := found[key]; !still {
			r.storage.addStale(gone, at.UnixMilli())
		}
	}
	r.recorded[rule.Record] = found
}

// alarmLabels returns the values of the labels, without those that are the same in
// nearly all plays.
func alarmLabels(l labels.Labels) string {
	var values []string
	l.Range(func(one labels.Label) {
		switch one.Value {
		case "shop", "dns:///shop:443", "round_robin2":
		default:
			values = append(values, one.Value)
		}
	})
	return strings.Join(values, " ")
}
