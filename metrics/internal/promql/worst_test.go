package promql_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// incidents has one backend of each kind: b answers with errors, c is down for all
// clients, d is out of reach for one of the two, e says that it does not serve, f is
// starved, and g has left name resolution.
const incidents = `
start shop-1..2 policy=even rps=12 latency=on
resolve all a b c d e f g
run 5m
answer b INTERNAL
takes b 3s
down c
health e not_serving
weight f 0
resolve shop-1 a b c d e f
resolve shop-2 a b c e f x
down x g
run 10m
----
?
`

// The table names what is wrong with each backend, and is sorted by how bad that is.
func TestTheTableHasTheWorstBackendsOnTop(t *testing.T) {
	t.Parallel()
	g := playedDashboard(t, incidents)
	table := make(map[string]map[string]float64) // by column and backend
	for line, value := range g.show("Worst backends") {
		fields := strings.Fields(strings.TrimSuffix(line, " dns:///shop:443 even"))
		column, backend := strings.Join(fields[:len(fields)-1], " "), fields[len(fields)-1]
		if table[column] == nil {
			table[column] = make(map[string]float64)
		}
		table[column][backend] = value
	}
	for column, want := range map[string]map[string]float64{
		"Usable for": {"a": 2, "b": 2, "c": 0, "d": 1, "e": 0, "f": 2, "x": 0},
		"of clients": {"a": 2, "b": 2, "c": 2, "d": 1, "e": 2, "f": 2, "x": 1},
		"Errors":     {"a": 0, "b": 1, "d": 0},
		"Badness":    {"a": 0, "b": 1, "c": 1, "d": 0, "e": 1, "f": 0, "x": 1},
		"of mean":    {"f": 0},
	} {
		for backend, value := range want {
			if got, ok := table[column][backend]; !ok || math.Abs(got-value) > 1e-9 {
				t.Errorf("%s of %s is %v (%t), want %v", column, backend, got, ok, value)
			}
		}
	}
	for _, column := range []string{"Usable for", "of clients", "Badness"} {
		if v, ok := table[column]["g"]; ok {
			t.Errorf("%s of a backend that left name resolution is %v, want none", column, v)
		}
	}
	if got := table["p99"]["b"]; math.Abs(got-3) > 2 || got < 2*table["p99"]["a"]*.9 {
		t.Errorf("the p99 of b is %v s, that of a %v, want about 3 and 1", got, table["p99"]["a"])
	}
	sum := 0.0
	for _, rps := range table["RPC/s"] {
		sum += rps
	}
	if math.Abs(sum-24) > .5 {
		t.Errorf("all backends have %v RPC/s, want 24", sum)
	}
}

func TestTheTableIsLimitedToTheWorst(t *testing.T) {
	t.Parallel()
	g := playedDashboard(t, incidents)
	g.values["top"] = "4"
	for line := range g.show("Worst backends") {
		backend := strings.Fields(strings.TrimSuffix(line, " dns:///shop:443 even"))
		if got := backend[len(backend)-1]; !slices.Contains([]string{"b", "c", "e", "x"}, got) {
			t.Errorf("among the 4 worst backends is %s: %s", got, line)
		}
	}
}

func TestTheStarvedBackendIsNamed(t *testing.T) {
	t.Parallel()
	g := playedDashboard(t, incidents)
	g.values["top"] = "1"
	if got, want := g.show("Least picked usable backends"), "f dns:///shop:443 even"; len(got) != 1 || got[want] != 0 {
		t.Errorf("the panel shows %v, want only %s", got, want)
	}
}

// One client of three prefers a backend.
func TestTheUnevenClientIsNamed(t *testing.T) {
	t.Parallel()
	g := playedDashboard(t, `
start shop-1 policy=even
start shop-2..3
resolve all a b
weight a 9
run 10m
----
?
`)
	got := g.show("Most uneven clients")
	for line, want := range map[string]float64{
		"max / mean shop-1 dns:///shop:443 even":         1.8,
		"max / mean shop-2 dns:///shop:443 round_robin2": 1,
	} {
		if math.Abs(got[line]-want) > .05 {
			t.Errorf("%s is %v, want %v", line, got[line], want)
		}
	}
}

// playedDashboard opens the dashboard at the end of a play.
func playedDashboard(t *testing.T, play string) *grafana {
	t.Helper()
	p := performOn(t, parseScript(t, "the play", play), newRealisticStage)
	g := openGrafana(t, newEngineJudge(t, servers[0], false, p).storage, p.moments[len(p.moments)-1].at)
	g.now = g.now.Add(time.Second)
	return g
}
