package window_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// observe counts an RPC that took so long.
func (b *backend) observe(seconds float64) {
	b.rpc(0)
	if b.slow == nil {
		b.slow = new(latency.Histogram)
	}
	b.slow.Observe(time.Duration(seconds * float64(time.Second)))
}

// durations returns those of all RPCs, or nil if none was measured.
func (b *backend) durations() *latency.Counts {
	if b.slow == nil {
		return nil
	}
	var c latency.Counts
	b.slow.Read(&c)
	return &c
}

func bucketOf(seconds float64) int {
	i, _ := slices.BinarySearch([]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, seconds)
	return i
}

func TestLatencyIsThatOfTheWindow(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	tg := newTarget(0)
	fast, slow := tg.add(0), tg.add(1)
	fast.observe(9) // long ago
	var late []float64
	for tg.now < 5*time.Minute {
		late = late[:0]
		tg.sleep(2*time.Second, func() {
			fast.observe(.0007)
			slow.observe(math.Exp(r.NormFloat64()) / 20)
		})
		tg.sample()
	}
	for range 6 {
		tg.sleep(2*time.Second, func() {
			s := math.Exp(r.NormFloat64()) / 20
			late = append(late, s)
			slow.observe(s)
			fast.observe(.0007)
		})
		tg.sample()
	}
	each, total := tg.look()
	got := each[0].Short.Latency
	if got.Count == 0 || got.Estimated || got.Mean.Round(time.Microsecond) != 700*time.Microsecond || got.P99 > time.Millisecond || got.P50 < 500*time.Microsecond {
		t.Errorf("the fast one has %+v, want 0.7 ms", got)
	}
	got = each[1].Short.Latency
	late = late[len(late)-int(got.Count):]
	slices.Sort(late)
	for q, have := range map[float64]time.Duration{.5: got.P50, .95: got.P95, .99: got.P99} {
		want := late[int(math.Ceil(q*float64(len(late))))-1]
		if bucketOf(have.Seconds()) != bucketOf(want) {
			t.Errorf("of the slow one, quantile %v is %v, want the bucket of %v s", q, have, want)
		}
	}
	mean := 0.0
	for _, s := range late {
		mean += s / float64(len(late))
	}
	if math.Abs(got.Mean.Seconds()-mean) > 1e-5 {
		t.Errorf("the mean of the slow one is %v, want %v s", got.Mean, mean)
	}
	if all := total.Short.Latency; all.Count != 2*got.Count || all.Mean <= 700*time.Microsecond || all.Mean >= got.Mean {
		t.Errorf("together they have %+v", all)
	}
}

// near reports whether a quantile is right to a tenth.
func near(got, want time.Duration) bool { return got >= want*9/10 && got <= want*11/10 }

// The classic buckets end at 10 s, but quantiles do not.
func TestLatencyAboveTheLastBound(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	b := tg.add(0)
	tg.sleep(time.Second, func() { b.observe(1000) })
	tg.sample()
	each, _ := tg.look()
	if got := each[0].Short.Latency; !near(got.P50, 1000*time.Second) || got.Mean.Round(time.Second) != 1000*time.Second {
		t.Errorf("latency %+v, want 1000 s", got)
	}
}

// A backend that always takes 100 ms has no 99th percentile of 248 ms, though its classic
// bucket ends at 250 ms. Nor has its target, which has other backends.
func TestQuantilesAreFinerThanTheClassicBuckets(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	for slot := range uint32(3) {
		tg.add(slot)
	}
	for range 40 {
		tg.sleep(2*time.Second, func() {
			tg.backends[0].observe(.1005)
			tg.backends[1].observe(.001)
			tg.backends[2].observe(.1005)
			for range 10 {
				tg.backends[2].observe(.001)
			}
		})
		tg.sample()
	}
	each, total := tg.look()
	for what, tt := range map[string]struct {
		recent        livestatus.Recent
		p50, p95, p99 time.Duration
	}{
		"slow":   {each[0], 100500 * time.Microsecond, 100500 * time.Microsecond, 100500 * time.Microsecond},
		"fast":   {each[1], time.Millisecond, time.Millisecond, time.Millisecond},
		"mixed":  {each[2], time.Millisecond, 100500 * time.Microsecond, 100500 * time.Microsecond},
		"target": {total, time.Millisecond, 100500 * time.Microsecond, 100500 * time.Microsecond},
	} {
		for _, w := range []livestatus.Window{tt.recent.Short, tt.recent.Long} {
			if l := w.Latency; !near(l.P50, tt.p50) || !near(l.P95, tt.p95) || !near(l.P99, tt.p99) {
				t.Errorf("%s: in %v latency %+v, want %v, %v and %v", what, w.Span, l, tt.p50, tt.p95, tt.p99)
			}
		}
	}
}

// A change from 240 to 110 ms stays in the bucket. The sum of the window shows it, to
// the target as well.
func TestQuantilesFollowAChangeWithinABucket(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	b, other := tg.add(0), tg.add(1)
	play := func(span time.Duration, seconds float64) {
		for end := tg.now + span; tg.now < end; tg.sample() {
			tg.sleep(2*time.Second, func() { b.observe(seconds); other.observe(.002) })
		}
	}
	play(10*time.Minute, .24)
	play(12*time.Second, .11)
	each, total := tg.look()
	for what, got := range map[string]livestatus.Latency{"backend": each[0].Short.Latency, "target": total.Short.Latency} {
		if !near(got.P99, 110*time.Millisecond) {
			t.Errorf("%s: latency %+v, want 110 ms", what, got)
		}
	}
}

// Without a histogram the mean is what Little's law says.
func TestLatencyIsEstimatedWhereItIsNotMeasured(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	b, idle := tg.add(0), tg.add(1)
	b.now.Picks = 8 // in flight, always
	for range 20 {
		tg.sleep(time.Second, func() { b.rpc(0); b.rpc(0) }) // 40 a second
		tg.sample()
	}
	each, total := tg.look()
	for name, got := range map[string]livestatus.Latency{
		"short": each[0].Short.Latency, "long": each[0].Long.Latency, "target": total.Short.Latency,
	} {
		if got.Mean.Round(10*time.Millisecond) != 200*time.Millisecond || !got.Estimated || got.Count != 0 || got.P99 != 0 {
			t.Errorf("%s: %+v, want 8 in flight / 40 per second = 200 ms", name, got)
		}
	}
	if got := each[1].Short; got.Latency.Mean != 0 || got.Latency.Estimated {
		t.Errorf("the idle %v has %+v, want nothing", idle.ID, got)
	}
}

// A backend in a slot that another had before has only its own latency.
func TestLatencyOfABackendInAUsedSlot(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	old := tg.add(0)
	tg.sleep(40*time.Second, func() { old.observe(4) }) // so that no window begins with the birth
	tg.sample()
	tg.sleep(time.Second, func() {})
	tg.backends = nil
	b := tg.add(0)
	tg.sleep(time.Second, func() { b.observe(.002) })
	each, _ := tg.look()
	if got := each[0].Short.Latency; got.Count != 20 || got.Mean != 2*time.Millisecond {
		t.Errorf("latency %+v, want 20 attempts of 2 ms", got)
	}
}

// A backend that was there for a tenth of the window counts for a tenth.
func TestTheEstimateOfATargetHeedsYoungBackends(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	old := tg.add(0)
	old.now.Picks = 4
	tg.sleep(9*time.Second, func() { old.rpc(0) })
	young := tg.add(1)
	young.now.Picks = 40
	tg.sleep(time.Second, func() { old.rpc(0); young.rpc(0) })
	// 4 attempts all the time, and 40 for a tenth of it, at 22 a second
	_, total := tg.look()
	if got := total.Short.Latency; !got.Estimated || got.Mean.Round(time.Millisecond) != 364*time.Millisecond {
		t.Errorf("latency %+v, want 8 / 22 s", got)
	}
}

// The first RPC may be measured just after its backend was read.
func TestDurationsThatWereNotReadDoNotCount(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	b := tg.add(0)
	tg.sleep(time.Second, func() { b.observe(.002) })
	v := tg.log.View(tg.now)
	defer v.Close()
	if got := v.Backend(b.ID, b.now, nil, b.slow).Short; got.Ended != 20 || got.Latency.Count != 0 {
		t.Errorf("window %+v, want 20 RPCs that were not measured", got)
	}
}
