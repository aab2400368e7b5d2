package withprometheus_test

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

// buckets is the number of buckets of the classic RPC duration histogram.
const buckets = 15

// ofReady restricts an expression to READY backends. A backend that the client no
// longer uses still has rates for some seconds.
const ofReady = ` and on (grpc_lb_policy, grpc_lb_backend) grpc_lb_ready_subchannels == 1`

// checkClassicHistogram checks that each backend of round_robin2 has classic buckets of
// the RPC duration, and plausible quantiles.
func checkClassicHistogram(t *testing.T, p *prometheus) {
	t.Helper()
	le := p.values(t, `count by (grpc_lb_policy, grpc_lb_backend) (grpc_lb_rpc_attempt_duration_seconds_bucket)`+ofReady,
		time.Time{}, "grpc_lb_policy", "grpc_lb_backend")
	p.checkBackends(t, "buckets", le, func(n float64) bool { return n == buckets })
	p99 := p.values(t, `histogram_quantile(0.99, sum by (le, grpc_lb_policy, grpc_lb_backend) (rate(grpc_lb_rpc_attempt_duration_seconds_bucket[5s])))`+ofReady,
		time.Time{}, "grpc_lb_policy", "grpc_lb_backend")
	p.checkBackends(t, "99th percentile", p99, plausible)
	t.Logf("%s: 99th percentile of the duration of RPCs: %v", p.name, p99)
}

// checkNativeHistogram checks the same for native histograms, and that there are no
// classic buckets beside them.
func checkNativeHistogram(t *testing.T, p *prometheus) {
	t.Helper()
	if classic := p.query(t, `grpc_lb_rpc_attempt_duration_seconds_bucket`+ever, time.Time{}); len(classic) > 0 {
		t.Errorf("%s: the native histogram has %d series of classic buckets", p.name, len(classic))
	}
	if connects := p.query(t, `histogram_count(grpc_lb_connect_duration_seconds) > 0`, time.Time{}); len(connects) == 0 {
		t.Errorf("%s: there is no native histogram of connecting", p.name)
	}
	rates := p.values(t, `histogram_count(rate(grpc_lb_rpc_attempt_duration_seconds[5s]))`+ofReady,
		time.Time{}, "grpc_lb_policy", "grpc_lb_backend")
	p.checkBackends(t, "observations per second", rates, func(r float64) bool { return r > 0 && r < rate })
	p99 := p.values(t, `histogram_quantile(0.99, rate(grpc_lb_rpc_attempt_duration_seconds[5s]))`+ofReady,
		time.Time{}, "grpc_lb_policy", "grpc_lb_backend")
	p.checkBackends(t, "99th percentile", p99, plausible)
	t.Logf("%s: 99th percentile of the duration of RPCs: %v", p.name, p99)
}

// plausible reports whether an RPC can have taken this many seconds.
func plausible(seconds float64) bool { return seconds > 0 && seconds < exampletest.Patience.Seconds() }

// checkBackends checks that each of round_robin2's three backends has a value that
// is ok, and that no other policy has a value.
func (p *prometheus) checkBackends(t *testing.T, what string, values map[string]float64, ok func(float64) bool) {
	t.Helper()
	ready := p.values(t, `grpc_lb_ready_subchannels{grpc_lb_policy="round_robin2"} == 1`, time.Time{}, "grpc_lb_policy", "grpc_lb_backend")
	if len(values) != 3 || len(ready) != 3 {
		t.Errorf("%s: %s: %v, want three values, for the READY backends: %v", p.name, what, values, ready)
	}
	for key := range ready {
		if v, found := values[key]; !found || !ok(v) {
			t.Errorf("%s: %s of %s is %v", p.name, what, key, v)
		}
	}
}

// checkDurations checks, after all RPCs have ended, that each RPC of round_robin2
// is in the histograms. It also checks that they agree: the median of the native
// histogram, plus or minus a tenth, is in the classic bucket that contains the
// median.
func checkDurations(t *testing.T, text, native *prometheus, quiet time.Time) {
	t.Helper()
	counts := map[*prometheus]string{
		text:   `grpc_lb_rpc_attempt_duration_seconds_count`,
		native: `histogram_count(grpc_lb_rpc_attempt_duration_seconds)`,
	}
	for p, count := range counts {
		at := p.awaitScrape(t, quiet)
		const ended = `sum without (grpc_status) (grpc_lb_rpc_attempts_total{grpc_lb_policy="round_robin2"})`
		if n := len(p.query(t, ended, at)); n != 3 {
			t.Errorf("%s: RPCs on %d backends, want 3", p.name, n)
		}
		if unequal := p.query(t, ended+" unless ("+ended+" == "+count+")", at); len(unequal) > 0 {
			t.Errorf("%s: RPCs ended, but not as many measured: %v", p.name, unequal)
		}
	}

	var bounds []float64
	for _, s := range text.query(t, `count by (le) (grpc_lb_rpc_attempt_duration_seconds_bucket)`, text.awaitScrape(t, quiet)) {
		le, err := strconv.ParseFloat(s.labels["le"], 64)
		if err != nil {
			t.Fatal(err)
		}
		bounds = append(bounds, le)
	}
	slices.Sort(bounds)
	if len(bounds) != buckets || !math.IsInf(bounds[buckets-1], 1) {
		t.Fatalf("%s: bounds of buckets are %v, want %d and +Inf the last", text.name, bounds, buckets)
	}
	classic := text.values(t, `histogram_quantile(0.5, sum by (le) (grpc_lb_rpc_attempt_duration_seconds_bucket))`, text.awaitScrape(t, quiet))[""]
	precise := native.values(t, `histogram_quantile(0.5, sum(grpc_lb_rpc_attempt_duration_seconds))`, native.awaitScrape(t, quiet))[""]
	i, _ := slices.BinarySearch(bounds, classic)
	lower := 0.0
	if i > 0 {
		lower = bounds[i-1]
	}
	if precise < lower/1.1 || precise > bounds[i]*1.1 {
		t.Errorf("the median is %v s by the native histogram, %v to %v s by the classic one", precise, lower, bounds[i])
	}
	t.Logf("median of the duration of RPCs: %v s native, %v s classic", precise, classic)
}
