package latency_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
)

// windowOf observes the durations of a window after the earlier ones, and returns how the
// window's are spread.
func windowOf(earlier, window []time.Duration) (latency.Spread, latency.Counts) {
	var h latency.Histogram
	for _, d := range earlier {
		h.Observe(d)
	}
	var before, c latency.Counts
	h.Read(&before)
	for _, d := range window {
		h.Observe(d)
	}
	h.Read(&c)
	c.Sum -= before.Sum
	for i := range c.Buckets {
		c.Buckets[i] -= before.Buckets[i]
	}
	var s latency.Spread
	h.Spread(&c, &s)
	return s, c
}

func repeat(n int, d time.Duration) []time.Duration { return slices.Repeat([]time.Duration{d}, n) }

const ms = time.Millisecond

var quantiles = []float64{.01, .5, .95, .99}

// wantQuantiles compares with those of the durations themselves, which it sorts. A cell is
// at most a tenth wider than where it begins.
func wantQuantiles(t *testing.T, what string, s *latency.Spread, c *latency.Counts, durations []time.Duration) {
	t.Helper()
	slices.Sort(durations)
	for _, q := range quantiles {
		got, want := s.Quantile(q, c), durations[int(math.Ceil(q*float64(len(durations))))-1]
		if r := got.Seconds() / want.Seconds(); r < .9 || r > 1.1 {
			t.Errorf("%s: quantile %v is %v, want %v within a tenth", what, q, got, want)
		}
	}
}

func TestQuantilesAreRightToATenth(t *testing.T) {
	t.Parallel()
	some := make(map[string][]time.Duration)
	for d := 8 * time.Microsecond; d < 4000*time.Second; d += d / 7 {
		some[d.String()] = repeat(100, d)
	}
	some["1 and 100 ms"] = append(repeat(970, ms), repeat(30, 100*ms)...)
	some["most in one bucket, at its ends"] = append(repeat(900, 105*ms), repeat(100, 240*ms)...)
	for what, durations := range some {
		s, c := windowOf(nil, durations)
		wantQuantiles(t, "at first "+what, &s, &c, durations)
		s, c = windowOf(slices.Repeat(durations, 3), durations)
		wantQuantiles(t, "always "+what, &s, &c, durations)
	}
}

func TestQuantilesOfManyDurationsAreRightToATenth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 3))
		draw := func(n int) []time.Duration {
			list := make([]time.Duration, n)
			for i := range list {
				list[i] = time.Duration(float64(20*ms) * math.Exp(r.NormFloat64()))
			}
			return list
		}
		window := draw(20_000)
		s, c := windowOf(draw(100_000), window)
		slices.Sort(window)
		for _, q := range []float64{.5, .95, .99} {
			got, want := s.Quantile(q, &c), window[int(q*float64(len(window)))]
			if r := got.Seconds() / want.Seconds(); r < .9 || r > 1.1 {
				t.Errorf("seed %d: quantile %v is %v, want %v within a tenth", seed, q, got, want)
			}
		}
	}
}

// The window has only the counts of the bucket from 100 to 250 ms, and their sum. Where
// that bucket took most of the time, the sum tells where in the bucket they are.
func TestAChangeWithinABucketIsSeenInTheSum(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct{ earlier, window []time.Duration }{
		"faster":             {repeat(100_000, 240*ms), repeat(100, 110*ms)},
		"slower":             {repeat(100_000, 101*ms), repeat(100, 240*ms)},
		"a spread is gone":   {append(repeat(100_000, 240*ms), repeat(10_000, 101*ms)...), repeat(100, 102*ms)},
		"beside faster ones": {append(repeat(100_000, 240*ms), repeat(1_000_000, ms)...), append(repeat(20, 110*ms), repeat(200, ms)...)},
		"above 10 s":         {repeat(1000, 3000*time.Second), repeat(20, 12*time.Second)},
		"below 0.5 ms":       {repeat(1000, 400*time.Microsecond), repeat(20, 50*time.Microsecond)},
	} {
		s, c := windowOf(tt.earlier, tt.window)
		wantQuantiles(t, what, &s, &c, tt.window)
	}
}

// Where the sum does not tell, a quantile is in the right bucket all the same.
func TestQuantilesAreExactToTheBucket(t *testing.T) {
	t.Parallel()
	earlier := append(repeat(100_000, 240*ms), repeat(100_000, 2*time.Second)...)
	s, c := windowOf(earlier, append(repeat(97, 110*ms), repeat(3, 1100*ms)...))
	for q, want := range map[float64][2]time.Duration{.5: {100 * ms, 250 * ms}, .95: {100 * ms, 250 * ms}, .99: {time.Second, 2500 * ms}} {
		if got := s.Quantile(q, &c); got < want[0] || got > want[1] {
			t.Errorf("quantile %v is %v, want one from %v to %v", q, got, want[0], want[1])
		}
	}
	for _, bound := range []time.Duration{ms / 2, ms, 5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms, 500 * ms, 10 * time.Second} {
		s, c := windowOf(nil, repeat(100, bound))
		if got := s.Quantile(1, &c); got > bound {
			t.Errorf("all of %v: the last quantile is %v, in the next bucket", bound, got)
		}
		s, c = windowOf(nil, repeat(100, bound+1))
		if got := s.Quantile(.01, &c); got < bound {
			t.Errorf("all above %v: the first quantile is %v, in the bucket before", bound, got)
		}
	}
}

// Durations at one end of a cell are no change. Nor are those of other buckets.
func TestABucketStaysWhereItsOwnDurationsAre(t *testing.T) {
	t.Parallel()
	always := append(append(repeat(97, 106*ms), 101*ms), repeat(2, 240*ms)...)
	s, c := windowOf(slices.Repeat(always, 100), always)
	wantQuantiles(t, "at the lower end", &s, &c, always)

	usual := append(repeat(50, 55*ms), repeat(50, 95*ms)...)
	s, c = windowOf(slices.Repeat(append(repeat(25, 240*ms), usual...), 100), append(repeat(25, 101*ms), usual...))
	if got := s.Quantile(.7, &c); got < 92*ms || got > 100*ms {
		t.Errorf("beside a bucket that changed: quantile 0.7 is %v, want some 95 ms", got)
	}
}

// A few slow ones, as by chance, are no change.
func TestChanceDoesNotMoveABucket(t *testing.T) {
	t.Parallel()
	always := append(repeat(9_700, 105*ms), repeat(300, 240*ms)...)
	for _, slow := range []int{1, 3, 6} {
		s, c := windowOf(always, append(repeat(100-slow, 105*ms), repeat(slow, 240*ms)...))
		if p50, p99 := s.Quantile(.5, &c), s.Quantile(.99, &c); p50 > 106*ms || p99 < 230*ms {
			t.Errorf("%d slow ones of 100: quantiles %v and %v, want some 105 and 240 ms", slow, p50, p99)
		}
	}
}

// The spread of a target is the sum of those of its backends.
func TestSpreadsAddUp(t *testing.T) {
	t.Parallel()
	fast, slow := repeat(960, 110*ms), repeat(40, 240*ms)
	s, c := windowOf(repeat(10, 200*ms), fast)
	other, more := windowOf(nil, slow)
	s.Add(&other)
	for i := range c.Buckets {
		c.Buckets[i] += more.Buckets[i]
	}
	wantQuantiles(t, "both", &s, &c, append(fast, slow...))
}

func TestNothingHasNoQuantile(t *testing.T) {
	t.Parallel()
	var h latency.Histogram
	for _, c := range []latency.Counts{{}, {Sum: time.Second}} { // a sum comes a moment after its count
		s := latency.Spread{5: 1}
		h.Spread(&c, &s)
		if got := s.Quantile(.99, &c); got != 0 || s != (latency.Spread{}) {
			t.Errorf("of %v: quantile %v of %v, want nothing", c, got, s)
		}
	}
}
