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

// The last bucket has no end.
func TestLatencyAboveTheLastBound(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	b := tg.add(0)
	tg.sleep(time.Second, func() { b.observe(1000) })
	tg.sample()
	each, _ := tg.look()
	if got := each[0].Short.Latency; got.P50 != 10*time.Second || got.Mean.Round(time.Second) != 1000*time.Second {
		t.Errorf("latency %+v, want quantiles of 10 s", got)
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

// As in Prometheus, a bound belongs to the bucket below it, and a quantile is
// interpolated within its bucket by its rank.
func TestQuantilesAreInterpolated(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	b := tg.add(0)
	tg.sleep(time.Second, func() {
		for _, seconds := range []float64{.0025, .006, .007, .010} {
			b.observe(seconds)
		}
	})
	each, _ := tg.look()
	got := each[0].Short.Latency // a quarter up to 2.5 ms, the rest from 5 to 10 ms
	if got.P50.Round(time.Microsecond) != 6667*time.Microsecond || got.P95.Round(time.Microsecond) != 9667*time.Microsecond {
		t.Errorf("latency %+v, want P50 of 6.667 ms and P95 of 9.667 ms", got)
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
