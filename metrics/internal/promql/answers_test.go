package promql_test

import (
	"maps"
	"math"
	"slices"
	"testing"
)

// Each query has a result from the collector's own series. A query with a label value
// that does not exist, such as a misspelt state, would have none.
func TestEveryPanelHasDataOnAnyServer(t *testing.T) {
	t.Parallel()
	recorded := record(t)
	for _, s := range servers {
		g := newGrafana(t, s, recorded)
		for _, p := range g.dashboard.graphs() {
			for _, q := range p.Targets {
				shown, data := g.run(q), false
				for _, v := range shown {
					data = data || !math.IsNaN(v) && !math.IsInf(v, 0)
				}
				if !data {
					t.Errorf("%s server: panel %q, query %s shows %v, want a number", s.name, p.Title, q.RefID, shown)
				}
			}
		}
	}
}

// The servers store histograms differently, so the test above needs several.
func TestServersStoreHistogramsTheirWay(t *testing.T) {
	t.Parallel()
	recorded := record(t)
	const (
		classicLatency = `count by (grpc_target) (grpc_lb_rpc_attempt_duration_seconds_bucket)`
		nativeLatency  = `count by (grpc_target) (histogram_count(grpc_lb_rpc_attempt_duration_seconds))`
		classicConnect = `count by (grpc_target) (grpc_lb_connect_duration_seconds_bucket)`
		nativeConnect  = `count by (grpc_target) (histogram_count(grpc_lb_connect_duration_seconds))`
	)
	want := map[string]map[string]bool{
		"classic":        {classicLatency: true, classicConnect: true},
		"native":         {nativeLatency: true, nativeConnect: true},
		"custom buckets": {nativeLatency: true, nativeConnect: true},
	}
	for _, s := range servers {
		g := newGrafana(t, s, recorded)
		for _, expr := range []string{classicLatency, nativeLatency, classicConnect, nativeConnect} {
			if got := len(g.run(query{Expr: expr, LegendFormat: "{{grpc_target}}"})) > 0; got != want[s.name][expr] {
				t.Errorf("%s server: %s has series: %v, want %v", s.name, expr, got, want[s.name][expr])
			}
		}
	}
}

const (
	perInterval = 1.0 / 15 // once between two scrapes
	skewed      = "dns:///skewed:443 chosen_by_rpc"
	first       = "dns:///first:443 pick_first2"
)

// The test knows what the workload does, and so what the panels must show.
func TestPanelsShowWhatHappened(t *testing.T) {
	t.Parallel()
	want := map[string]lines{
		"Picks": {skewed: 24 * perInterval, first: 2 * perInterval},
		"Share of picks by backend": {
			busy + " " + skewed: .5, sick + " " + skewed: .25, "other " + skewed: .25, alone + " " + first: 1,
		},
		"RPC attempts in flight by backend": {
			busy + " " + skewed: scrapes, sick + " " + skewed: 0, "other " + skewed: 0, alone + " " + first: 0,
		},
		"RPC attempts not OK by code":    {"NOT_FOUND " + skewed: perInterval},
		"Share of RPC attempts not OK":   {skewed: 1.0 / 22, first: 0},
		"RPC attempts not OK by backend": {sick + " " + skewed: perInterval},
		"Imbalance of usable backends":   {"max / mean " + skewed: 12.0 / 9, "min / mean " + skewed: 6.0 / 9, "max / mean " + first: 1, "min / mean " + first: 1},
		"Most uneven clients":            {"max / mean shop-1:9464 " + skewed: 12.0 / 8},
		"Least picked usable backends": {
			busy + " " + skewed: 1.5, sick + " " + skewed: .75, "other " + skewed: .75, alone + " " + first: 1,
		},
		"RPC attempts per second":               {"RPC/s": 24 * perInterval},
		"Success rate":                          {"OK": 23.0 / 24},
		"Usable backends":                       {"usable": 4, "of all": 4},
		"Picks that did not succeed":            {"waiting": 2 * perInterval, "failing": perInterval},
		"Backends":                              {"READY " + skewed: 3, "known " + skewed: 3, "READY " + first: 1, "known " + first: 1},
		"Failed connection attempts by backend": {alone + " " + first: perInterval},
		"Disconnections by backend":             {alone + " " + first: 2 * perInterval, "within 1s: " + alone + " " + first: perInterval},
		"Policy instances":                      {skewed: 1, first: 1},
		`Subchannels counted as "other"`:        {skewed: 1, first: 0},
		"Picks delayed and failed": {
			"delayed " + first: 2 * perInterval, "failed " + first: perInterval, "delayed " + skewed: 0, "failed " + skewed: 0,
		},
		"Picks given up": {skewed: perInterval, first: 0},
		"RPC attempts that waited, by type of delay": {
			"connecting " + first:                         perInterval,
			"picker_failing_with_wait_for_ready " + first: perInterval,
			"connecting " + skewed:                        0,
			"subchannel_state_mismatch " + skewed:         perInterval,
		},
	}
	recorded := record(t)
	for _, s := range servers {
		g := newGrafana(t, s, recorded)
		for title, want := range want {
			got := g.show(title)
			for line, value := range want {
				if v, ok := got[line]; !ok || math.Abs(v-value) > 1e-9 {
					t.Errorf("%s server: panel %q: %s is %v (%v), want %v", s.name, title, line, v, ok, value)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s server: panel %q shows %v, want %v", s.name, title, got, want)
			}
		}
	}
}

// The sick backend's RPCs take 40 ms, those of the others 20 ms. A classic bucket is 15
// or 25 ms wide here. A native bucket is at most a tenth of the value wide.
func TestLatencyIsShown(t *testing.T) {
	t.Parallel()
	recorded := record(t)
	for _, s := range servers {
		g := newGrafana(t, s, recorded)
		for title, want := range map[string]lines{
			"Latency":                {"p50 " + skewed: .02, "p95 " + skewed: .04, "p99 " + skewed: .04},
			"Latency p50 by backend": {busy + " " + skewed: .02, sick + " " + skewed: .04},
			"Latency p99 by backend": {busy + " " + skewed: .02, sick + " " + skewed: .04},
		} {
			got := g.show(title)
			for line, seconds := range want {
				tolerance := .015
				if s.native {
					tolerance = seconds / 10
				}
				if v, ok := got[line]; !ok || math.Abs(v-seconds) > tolerance {
					t.Errorf("%s server: panel %q: %s is %v s, want %v", s.name, title, line, v, seconds)
				}
			}
		}
	}
}

func TestChoiceOfBackendsShownIsKept(t *testing.T) {
	t.Parallel()
	g := newGrafana(t, servers[0], record(t))
	g.values["top"] = "1"
	for title, want := range map[string][]string{
		"Picks by backend":                  {busy + " " + skewed, alone + " " + first},
		"Share of picks by backend":         {busy + " " + skewed, alone + " " + first},
		"RPC attempts in flight by backend": {busy + " " + skewed, alone + " " + first},
		"RPC attempts not OK by backend":    {sick + " " + skewed},
		"Latency p50 by backend":            {sick + " " + skewed, alone + " " + first},
		"Disconnections by backend":         {alone + " " + first, "within 1s: " + alone + " " + first},
	} {
		got := g.show(title)
		if lines := slices.Sorted(maps.Keys(got)); !slices.Equal(lines, want) {
			t.Errorf("panel %q shows %v, want only %q", title, got, want)
		}
	}
}

func TestChoiceOfTargetIsKept(t *testing.T) {
	t.Parallel()
	g := newGrafana(t, servers[0], record(t))
	for _, choice := range []struct{ variable, value string }{{"target", "dns:///none:443"}, {"policy", "none"}, {"job", "none"}, {"instance", "none"}, {"cluster", "none"}, {"namespace", "none"}} {
		g.values = g.dashboard.values()
		g.values[choice.variable] = choice.value
		for _, p := range g.dashboard.graphs() {
			if got := g.show(p.Title); len(got) > 0 {
				t.Errorf("with the %s %s chosen panel %q shows %v, want nothing", choice.variable, choice.value, p.Title, got)
			}
		}
	}
}
