package promql_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var update = flag.Bool("update", false, "write the answers of Prometheus into testdata/plays")

// A play is a client's life: clients and backends come and go, and at each scrape
// Prometheus is asked what there is to be seen. It must be right as soon as nothing
// has changed for a window. What it says until then is in the script.
func TestPlaysShowWhatHappens(t *testing.T) {
	t.Parallel()
	for _, file := range plays(t) {
		t.Run(playName(file), func(t *testing.T) {
			t.Parallel()
			s := readScript(t, file)
			p := perform(t, s)
			var answers []string
			for _, server := range servers {
				j := newEngineJudge(t, server, server.native, p)
				p.judge(t, j)
				if !server.native {
					answers = p.answers(t, j)
				}
			}
			s.compare(t, file, answers)
		})
	}
}

// compare demands that the answers are those in the file. With -update it writes
// them there.
func (s script) compare(t *testing.T, file string, answers []string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(s.with(answers)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i, step := range s {
		if step.want != answers[i] {
			t.Errorf("%s: after\n%s\nthe answers are\n%swant\n%sSee the comment of expressions.", file, step.text, answers[i], step.want)
		}
	}
}

func plays(t *testing.T) []string { t.Helper(); return playsIn(t, "plays") }

// playsIn returns the plays in a folder of testdata.
func playsIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are %d plays; %v", len(files), err)
	}
	return files
}

func playName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".txt") }

// performance is what remains of a play.
type performance struct {
	begin   time.Time
	pages   []playPage
	moments []moment
	ends    []int // of the steps: indices of moments
}

func perform(t *testing.T, s script) performance {
	t.Helper()
	return performOn(t, s, newStage)
}

func performOn(t *testing.T, s script, newStage func(*testing.T) *stage) (p performance) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		on := newStage(t)
		p.begin = time.Now()
		for _, step := range s {
			before := len(on.moments)
			for _, command := range step.commands {
				if err := on.do(command); err != nil {
					t.Fatalf("%s: %v", step.text, err)
				}
			}
			if len(on.moments) == before {
				t.Fatalf("%s: there is no scrape in the step", step.text)
			}
			p.ends = append(p.ends, len(on.moments)-1)
		}
		p.pages, p.moments = on.pages, on.moments
	})
	return p
}

// judge is a Prometheus that has scraped a performance.
type judge interface {
	String() string
	ask(t *testing.T, e expression, at time.Time) values
}

// ask asks when the scrape is over. At the very moment versions differ in whether
// a sample belongs to the window that ends or begins there.
func (m moment) ask(t *testing.T, j judge, e expression) values {
	t.Helper()
	return j.ask(t, e, m.at.Add(time.Second))
}

// judge demands that all answers are right that have to be.
func (p performance) judge(t *testing.T, j judge) {
	t.Helper()
	for _, e := range expressions {
		begin := p.moments[0].at
		seen := make(map[string]time.Time) // when there was last something to be seen
		for _, m := range p.moments {
			right := e.truth(m.truth)
			for key := range right {
				if orZero(right[key]) != 0 {
					seen[key] = m.at
				}
			}
			settled := m.calm > e.settles
			if !settled && !e.strict {
				continue
			}
			got := m.ask(t, j, e)
			for _, key := range keys(got, right) {
				quiet := m.at.Sub(seen[key]) > 2*window
				if (settled || quiet) && !same(got[key], right[key]) {
					t.Errorf("%v: after %v: %s of %q is %v, want %v", j, m.at.Sub(begin), e.name, key, got[key], right[key])
				}
			}
		}
	}
}

// same tells whether values are the same but for rounding. A value that there is
// not counts as 0.
func same(a, b float64) bool {
	a, b = orZero(a), orZero(b)
	return a == b || math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b))
}

func orZero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

func keys(all ...values) []string {
	either := make(values)
	for _, v := range all {
		maps.Copy(either, v)
	}
	return slices.Sorted(maps.Keys(either))
}

// answers returns what is to be seen at the end of each step.
func (p performance) answers(t *testing.T, j judge) (all []string) {
	t.Helper()
	for _, end := range p.ends {
		m := p.moments[end]
		var b strings.Builder
		for _, e := range expressions {
			b.WriteString(line(e, m.ask(t, j, e), e.truth(m.truth)))
		}
		all = append(all, b.String())
	}
	return all
}

// line shows the values of an expression, with the right ones in brackets where
// they differ.
func line(e expression, got, right values) string {
	fields := []string{fmt.Sprintf("%-8s", e.name)}
	for _, key := range keys(got, right) {
		field := fmt.Sprintf("%s %s", key, number(got, key))
		if !same(got[key], right[key]) {
			field += fmt.Sprintf(" (%s)", number(right, key))
		}
		fields = append(fields, strings.TrimSpace(field))
	}
	return strings.Join(fields, "  ") + "\n"
}

func number(v values, key string) string {
	n, ok := v[key]
	if !ok || math.IsNaN(n) {
		return "-"
	}
	return fmt.Sprintf("%.4g", math.Round(n*1e6)/1e6+0)
}
