package promql_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// Each play in testdata/incidents is one that an alert is for, and has its name. At the
// end of its first step all is well, and at the end of the last one again. Between
// these the alert fires. No other alert does, but for those that come along with it.
func TestAlertsFireOnTheirIncidents(t *testing.T) {
	t.Parallel()
	skipUnderRaceDetector(t)
	files := make(map[string]bool)
	for _, file := range playsIn(t, "incidents") {
		alert := playName(file)
		files[alert] = true
		t.Run(alert, func(t *testing.T) {
			t.Parallel()
			if alert == "GRPCLBBackendSlow" {
				for _, kind := range servers[1:] {
					playAlerts(t, file, kind) // latency is in histograms, which servers store differently
				}
			}
			steps := playAlerts(t, file, servers[0])
			fired := false
			for i, step := range steps {
				for a := range step.firing {
					fired = fired || a.alert == alert
					if a.alert != alert && !slices.Contains(companions[alert], a.alert) {
						t.Errorf("%v fires in step %d", a, i+1)
					}
				}
			}
			if !fired {
				t.Errorf("%s does not fire", alert)
			}
			if first, last := steps[0], steps[len(steps)-1]; len(first.firing) > 0 || len(last.now) > 0 {
				t.Errorf("at first there is %v, and in the end %v, want nothing", first, last)
			}
		})
	}
	for _, rule := range readAlerts(t) {
		if !files[rule.Alert] && rule.Alert != rulesMissing {
			t.Errorf("there is no testdata/incidents/%s.txt", rule.Alert)
		}
	}
}

func skipUnderRaceDetector(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("evaluating the rules over hours takes many minutes under the race detector; it runs without")
	}
}

// rulesMissing fires where there are no recording rules. The plays have them.
const rulesMissing = "GRPCLBRulesMissing"

// companions are the alerts that fire along with another.
var companions = map[string][]string{
	"GRPCLBNoUsableBackend":  {"GRPCLBPicksFailing"},    // RPCs that do not wait fail
	"GRPCLBPicksFailing":     {"GRPCLBBackendFlapping"}, // servers that end and start again, all the time
	"GRPCLBBackendNotPicked": {"GRPCLBImbalance"},       // the others get what it does not
}

// The plays in testdata/quiet are an hour or more in which things happen that happen
// every day. No alert fires.
func TestNoAlertFiresOnAQuietDay(t *testing.T) {
	t.Parallel()
	skipUnderRaceDetector(t)
	for _, file := range playsIn(t, "quiet") {
		t.Run(playName(file), func(t *testing.T) {
			t.Parallel()
			var length time.Duration
			for i, step := range playAlerts(t, file, servers[0]) {
				length += step.length
				if len(step.firing) > 0 {
					t.Errorf("in step %d there fires %v", i+1, step)
				}
			}
			if length < time.Hour {
				t.Errorf("the play is over after %v, want an hour", length)
			}
		})
	}
}

// alertStep is what the alerts do in a step of a play.
type alertStep struct {
	length time.Duration
	firing map[alarm][2]time.Duration // from and to, since the step began
	now    []alarm                    // that fire at its end
}

// playAlerts performs the play, and compares what the alerts do with the answers in
// its file.
func playAlerts(t *testing.T, file string, kind server) (steps []alertStep) {
	t.Helper()
	s := readScript(t, file)
	p := performOn(t, s, newRealisticStage)
	r := newRuler(t, kind, p)
	begin := p.begin
	next := 0
	for _, end := range p.ends {
		step := alertStep{firing: make(map[alarm][2]time.Duration), length: p.moments[end].at.Sub(begin)}
		for ; next <= end; next++ {
			at := p.moments[next].at
			step.now = r.evaluate(t, at.Add(time.Millisecond))
			for _, a := range step.now {
				span, known := step.firing[a]
				if !known {
					span[0] = at.Sub(begin)
				}
				span[1] = at.Sub(begin)
				step.firing[a] = span
			}
		}
		steps, begin = append(steps, step), p.moments[end].at
	}
	var answers []string
	for _, step := range steps {
		answers = append(answers, step.String())
	}
	s.compare(t, file, answers)
	return steps
}

// newRealisticStage has clients that back off. Prometheus scrapes them when it evaluates
// the rules.
func newRealisticStage(t *testing.T) *stage {
	s := newStage(t)
	s.backsOff, s.scrapeEvery = true, evaluationInterval
	return s
}

// String returns the answers in the file: a line for each alert, with the time from
// which and to which it fires in the step.
func (s alertStep) String() string {
	if len(s.firing) == 0 {
		return "nothing fires\n"
	}
	var b strings.Builder
	for _, a := range slices.SortedFunc(maps.Keys(s.firing), func(a, b alarm) int { return strings.Compare(a.String(), b.String()) }) {
		span := s.firing[a]
		to := fmt.Sprintf("to %v", span[1])
		if slices.Contains(s.now, a) {
			to = "on"
		}
		fmt.Fprintf(&b, "%v  from %v %s\n", a, span[0], to)
	}
	return b.String()
}
