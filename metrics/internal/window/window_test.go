package window_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// target plays a target that is looked at. It keeps the counts of all times.
type target struct {
	log      *window.Log
	now      time.Duration
	backends []*backend
}

type backend struct {
	window.ID
	now    window.Counts
	before map[time.Duration]window.Counts // by time
	slow   *latency.Histogram
}

func newTarget(born time.Duration) *target { return &target{log: window.NewLog(born), now: born} }

func (tg *target) add(slot uint32) *backend {
	b := &backend{ID: window.ID{Slot: slot, Born: tg.now}, before: map[time.Duration]window.Counts{tg.now: {}}}
	tg.backends = append(tg.backends, b)
	return b
}

// sleep lets time pass in steps. Each calls step.
func (tg *target) sleep(d time.Duration, step func()) {
	const tick = 50 * time.Millisecond
	for end := tg.now + d; tg.now < end; {
		tg.now += tick
		step()
		for _, b := range tg.backends {
			b.before[tg.now] = b.now
		}
	}
}

func (tg *target) sample() {
	s := tg.log.Begin(tg.now)
	if s == nil {
		return
	}
	for _, b := range tg.backends {
		s.Put(b.ID, b.now, b.durations())
	}
	tg.log.Add(s)
}

func (tg *target) look() (each []livestatus.Recent, total livestatus.Recent) {
	v := tg.log.View(tg.now)
	defer v.Close()
	for _, b := range tg.backends {
		each = append(each, v.Backend(b.ID, b.now, b.durations(), b.slow))
	}
	return each, v.Total()
}

// rpc counts a pick that has ended.
func (b *backend) rpc(failed uint32) {
	b.now.Picks++
	b.now.Ended++
	b.now.Failed += failed
}

// Whenever and however often a target is looked at, a window has exactly what
// happened in its span.
func TestAWindowHasWhatHappenedInItsSpan(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		tg := newTarget(time.Duration(r.IntN(3)) * time.Hour)
		for slot := range uint32(3) {
			tg.add(slot)
		}
		work := func() {
			for _, b := range tg.backends {
				for range r.IntN(4) {
					b.rpc(uint32(r.IntN(2)))
				}
				b.now.Repicks += uint32(r.IntN(2))
			}
		}
		for range 100 {
			tg.sleep(time.Duration(r.IntN(1+r.IntN(20_000)))*time.Millisecond, work)
			if r.IntN(10) == 0 { // one goes, and another gets its slot
				gone := r.IntN(len(tg.backends))
				slot := tg.backends[gone].Slot
				tg.backends = append(tg.backends[:gone], tg.backends[gone+1:]...)
				tg.add(slot)
			}
			tg.sample()
			tg.check(t, fmt.Sprintf("seed %d at %v", seed, tg.now))
		}
	}
}

func (tg *target) check(t *testing.T, when string) {
	t.Helper()
	each, total := tg.look()
	for name, get := range map[string]func(livestatus.Recent) livestatus.Window{
		"short": func(r livestatus.Recent) livestatus.Window { return r.Short },
		"long":  func(r livestatus.Recent) livestatus.Window { return r.Long },
	} {
		var sum livestatus.Window
		for i, b := range tg.backends {
			got := get(each[i])
			if got.Span < 0 || got.Span > tg.now-b.Born {
				t.Fatalf("%s: %s window of a backend that is %v old has a span of %v", when, name, tg.now-b.Born, got.Span)
			}
			if got.Span == 0 {
				continue
			}
			base, ok := b.before[tg.now-got.Span]
			if !ok {
				t.Fatalf("%s: the %s window begins at %v, when nothing was sampled", when, name, tg.now-got.Span)
			}
			want := livestatus.Window{
				Span: got.Span, Picks: uint64(b.now.Picks - base.Picks), Repicks: uint64(b.now.Repicks - base.Repicks),
				Ended: uint64(b.now.Ended - base.Ended), Failed: uint64(b.now.Failed - base.Failed), Latency: got.Latency,
			}
			if got != want {
				t.Fatalf("%s: the %s window is %+v, want %+v", when, name, got, want)
			}
			sum.Picks, sum.Repicks, sum.Ended, sum.Failed = sum.Picks+got.Picks, sum.Repicks+got.Repicks, sum.Ended+got.Ended, sum.Failed+got.Failed
		}
		all := get(total)
		sum.Span, sum.Latency = all.Span, all.Latency
		if all != sum {
			t.Fatalf("%s: the %s window of the target is %+v, want the sum %+v", when, name, all, sum)
		}
	}
}

func TestWindowsAreAboutAsLongAsTheySay(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{time.Second, 1500 * time.Millisecond, 2 * time.Second, 5 * time.Second, 15 * time.Second} {
		tg := newTarget(0)
		b := tg.add(0)
		for tg.now < 10*time.Minute {
			tg.sleep(every, func() { b.rpc(0) })
			tg.sample()
			if n := tg.log.Samples(); n > 16 {
				t.Fatalf("every %v: %d samples, want at most 16", every, n)
			}
			if tg.now < 2*time.Minute {
				continue
			}
			_, total := tg.look()
			if s := total.Short.Span; s < 8*time.Second || s > 15*time.Second {
				t.Errorf("every %v: the short window has %v", every, s)
			}
			if l := total.Long.Span; l < 50*time.Second || l > 75*time.Second {
				t.Errorf("every %v: the long window has %v", every, l)
			}
		}
	}
}

// The first look says what happened since the target was born or, if that is long
// ago, since a moment before.
func TestTheFirstLookWaitsOnlyIfItMust(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{50 * time.Millisecond, 3 * time.Second, 10 * time.Second, 25 * time.Second, time.Minute, time.Hour} {
		tg := newTarget(time.Hour)
		b := tg.add(0)
		tg.sleep(age, func() { b.rpc(0) })
		wait := tg.log.Wait(tg.now)
		if must := age > 30*time.Second; must != (wait > 0) || wait > 300*time.Millisecond {
			t.Errorf("%v old: wait %v", age, wait)
		}
		tg.sample()
		tg.sleep(wait, func() { b.rpc(1) })
		tg.sample()
		_, total := tg.look()
		want := age
		if wait > 0 {
			want = wait
		}
		if got := total.Short; got.Span != want || got.Ended != uint64(want/(50*time.Millisecond)) || (wait > 0) != (got.Failed > 0) {
			t.Errorf("%v old: the short window is %+v, want all of %v", age, got, want)
		}
		if wait := tg.log.Wait(tg.now); wait != 0 {
			t.Errorf("%v old: the next look waits %v", age, wait)
		}
	}
}

func TestAtMostOneSampleASecond(t *testing.T) {
	t.Parallel()
	log := window.NewLog(0)
	due := 0
	for now := time.Hour; now < time.Hour+time.Minute; now += 10 * time.Millisecond {
		if s := log.Begin(now); s != nil {
			due++
			log.Add(s)
		}
	}
	if due > 61 || due < 58 {
		t.Errorf("%d samples in a minute, want about 60", due)
	}
}

func TestHistoryIsOfTheLastMinute(t *testing.T) {
	t.Parallel()
	tg := newTarget(0)
	b := tg.add(0)
	for range 300 {
		tg.sleep(time.Second, func() { b.rpc(1) })
		tg.sample()
	}
	history := tg.history()
	if n := len(history); n < 58 || n > 60 {
		t.Errorf("%d points, want 60", n)
	}
	for _, p := range history {
		if p.Span != time.Second || p.Ended != 20 || p.Failed != 20 || p.Picks != 20 {
			t.Errorf("point %+v, want 20 RPCs in a second", p)
		}
	}
	tg.sleep(time.Hour, func() {})
	if history := tg.history(); len(history) != 0 {
		t.Errorf("an hour later: %v, want nothing", history)
	}
}

func (tg *target) history() []window.Point {
	v := tg.log.View(tg.now)
	defer v.Close()
	return v.History()
}
