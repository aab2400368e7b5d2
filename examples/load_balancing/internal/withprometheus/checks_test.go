package withprometheus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

// evenness is the highest allowed ratio of the most used backend's rate to the
// mean. In a window of 5 s, 200 RPCs per second give each of three backends more
// than 300 picks. The rotation lets two backends differ by one pick at each end of
// the window. Also, a scrape reads one backend after another while RPCs continue:
// 80 ms between the first and the last make a difference of a twentieth.
const evenness = 1.05

// checkSpread checks the rates of the last seconds: round_robin2 gives all backends
// the same share, and pick_first2 sends everything to one of them.
func checkSpread(t *testing.T, p *prometheus, members []string) {
	t.Helper()
	at := p.awaitSteady(t, len(members))
	const share = `sum by (grpc_lb_policy, grpc_lb_backend) (rate(grpc_lb_picks_total[5s]))
		/ on (grpc_lb_policy) group_left sum by (grpc_lb_policy) (rate(grpc_lb_picks_total[5s])) > 0`
	shares := p.values(t, share, at, "grpc_lb_policy", "grpc_lb_backend")
	for _, addr := range members {
		fair := 1 / float64(len(members))
		if got := shares["round_robin2 "+addr]; got < fair*(2-evenness) || got > fair*evenness {
			t.Errorf("%s: share of %s is %v, want %v", p.name, addr, got, fair)
		}
	}
	if len(shares) != len(members)+1 {
		t.Errorf("%s: shares %v, want those of %d backends for round_robin2 and one for pick_first2", p.name, shares, len(members))
	}

	const imbalance = `max by (grpc_lb_policy) (rate(grpc_lb_picks_total[5s]) and grpc_lb_ready_subchannels > 0)
		/ avg by (grpc_lb_policy) (rate(grpc_lb_picks_total[5s]) and grpc_lb_ready_subchannels > 0)`
	ratio := p.values(t, imbalance, at, "grpc_lb_policy")
	if got := ratio["round_robin2"]; got < 1 || got > evenness {
		t.Errorf("%s: imbalance of round_robin2 is %v, want 1 to %v", p.name, got, evenness)
	}
	if got := ratio["pick_first2"]; got != 1 {
		t.Errorf("%s: imbalance of pick_first2 is %v, want 1: only one backend is READY", p.name, got)
	}
	t.Logf("%s: shares %v, imbalance %v", p.name, shares, ratio)
}

// awaitSteady waits until n backends of round_robin2 have been READY in all scrapes
// of five seconds. It returns the end of the five seconds.
func (p *prometheus) awaitSteady(t *testing.T, n int) time.Time {
	t.Helper()
	const steady = `count(min_over_time(grpc_lb_ready_subchannels{grpc_lb_policy="round_robin2"}[5s]) == 1
		and count_over_time(grpc_lb_ready_subchannels[5s]) >= 9)`
	var at time.Time
	exampletest.Eventually(t, fmt.Sprintf("%s: %d backends are READY for 5 s", p.name, n), func() (bool, any) {
		found := p.query(t, steady, time.Time{})
		if len(found) == 0 {
			return false, "none is"
		}
		at = found[0].points[0].at
		return found[0].points[0].value == float64(n), fmt.Sprint(found[0].points[0].value)
	})
	return at
}

// checkGone checks that the series of a backend stayed for the retention and no
// longer. The client stopped using the backend between the two times.
func checkGone(t *testing.T, p *prometheus, backend string, before, after time.Time) {
	t.Helper()
	p.awaitScrape(t, after.Add(retention))
	every := `{__name__=~"grpc_lb_.+", grpc_lb_backend="` + backend + `"}`
	if left := p.query(t, every, time.Time{}); len(left) > 0 {
		t.Errorf("%s: series of %s are left: %v", p.name, backend, left)
	}

	present := make(map[time.Time]bool)
	for _, s := range p.query(t, `grpc_lb_picks_total{grpc_lb_policy="round_robin2", grpc_lb_backend="`+backend+`"}`+ever, time.Time{}) {
		for _, point := range s.points {
			present[point.at] = true
		}
	}
	for _, at := range p.scrapes(t) {
		// The time of a scrape is when Prometheus began it.
		if at.Before(before.Add(retention-scrapeInterval)) && !present[at] {
			t.Errorf("%s: the series of %s are missing %v after it was used, want them for %v", p.name, backend, at.Sub(before), retention)
		}
		if at.After(after.Add(retention)) && present[at] {
			t.Errorf("%s: the series of %s are there %v after it was used, want them for %v", p.name, backend, at.Sub(after), retention)
		}
	}
}

// checkSums checks that picks = repicks + RPCs ended + RPCs in flight, for each backend
// in each scrape.
func checkSums(t *testing.T, p *prometheus) {
	t.Helper()
	scrapes := p.scrapes(t)
	from, to := scrapes[0], scrapes[len(scrapes)-1]
	const broken = `grpc_lb_picks_total unless
		(grpc_lb_picks_total == grpc_lb_repicks_total + sum without (grpc_status) (grpc_lb_rpc_attempts_total) + grpc_lb_rpc_attempts_in_flight)`
	for _, s := range p.queryRange(t, broken, from, to) {
		t.Errorf("%s: picks are not repicks + RPCs ended + in flight for %v at %v", p.name, s.labels, s.points)
	}
	kept := 0
	for _, s := range p.query(t, "grpc_lb_picks_total"+ever, time.Time{}) {
		kept += len(s.points)
	}
	if kept < len(scrapes) {
		t.Errorf("%s: %d samples of picks in %d scrapes", p.name, kept, len(scrapes))
	}
	t.Logf("%s: picks = repicks + RPCs + in flight in %d samples of %d scrapes", p.name, kept, len(scrapes))
}

// checkCounts compares what Prometheus has seen, also of backends that are gone, with
// what the client counted.
func checkCounts(t *testing.T, p *prometheus, ended map[string]float64) {
	t.Helper()
	// Each policy has at most one RPC in flight. So the end of a server fails at
	// most one RPC of each policy that used it, and the end of the client cancels at
	// most one.
	most := map[string]float64{
		"pick_first2 UNAVAILABLE": 1, "pick_first2 CANCELLED": 1,
		"round_robin2 UNAVAILABLE": 2, "round_robin2 CANCELLED": 1,
	}
	counted := p.values(t, `sum by (grpc_lb_policy, grpc_status) (last_over_time(grpc_lb_rpc_attempts_total[1h]))`,
		time.Time{}, "grpc_lb_policy", "grpc_status")
	for _, key := range []string{"pick_first2 OK", "round_robin2 OK"} {
		if counted[key] != ended[key] || ended[key] == 0 {
			t.Errorf("%s: %s %v, the client counted %v", p.name, key, counted[key], ended[key])
		}
		delete(counted, key)
	}
	for key, n := range counted {
		if n > most[key] {
			t.Errorf("%s: %s %v, want %v at most", p.name, key, n, most[key])
		}
	}
	for key, n := range ended {
		if !strings.HasSuffix(key, " OK") && n > most[key] {
			t.Errorf("%s %v by the client's count, want %v at most", key, n, most[key])
		}
	}

	const open = `sum by (grpc_lb_policy) (last_over_time(grpc_lb_picks_total[1h]) - last_over_time(grpc_lb_repicks_total[1h]))
		- sum by (grpc_lb_policy) (last_over_time(grpc_lb_rpc_attempts_total[1h]))`
	left := p.values(t, open, time.Time{}, "grpc_lb_policy")
	if len(left) != 2 || left["pick_first2"] != 0 || left["round_robin2"] != 0 {
		t.Errorf("%s: picks that have not ended: %v, want 0 for either policy", p.name, left)
	}
}
