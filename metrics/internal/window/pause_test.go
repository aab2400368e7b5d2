package window_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// steadyTarget gets 100 RPCs a second, and may be looked at at any moment.
type steadyTarget struct {
	log  *window.Log
	now  time.Duration
	last time.Duration // when it was sampled or, before that, born
}

func (tg *steadyTarget) counts() window.Counts {
	n := uint32(tg.now / (10 * time.Millisecond))
	return window.Counts{Picks: n, Ended: n}
}

func (tg *steadyTarget) sample() {
	if s := tg.log.Begin(tg.now); s != nil {
		s.Put(window.ID{}, tg.counts(), nil)
		tg.log.Add(s)
		tg.last = tg.now
	}
}

// look does what a request for the page does, and returns the windows and how long it
// waited.
func (tg *steadyTarget) look() (livestatus.Recent, time.Duration) {
	wait := tg.log.Wait(tg.now)
	if wait > 0 {
		tg.sample()
		tg.now += wait
	}
	tg.sample()
	tg.now += 5 * time.Microsecond // it takes time to read the target
	v := tg.log.View(tg.now)
	defer v.Close()
	return v.Backend(window.ID{}, tg.counts(), nil, nil), wait
}

// every samples as often, and ends with a sample.
func every(gap time.Duration) func(*steadyTarget) {
	return func(tg *steadyTarget) {
		for range 90 * time.Second / gap {
			tg.now += gap
			tg.sample()
		}
	}
}

// histories are what may have been before a pause of the looks.
func histories() map[string]func(*steadyTarget) {
	return map[string]func(*steadyTarget){
		"looks each second":                    every(time.Second),
		"looks every 2 s":                      every(2 * time.Second),
		"looks every 3.1 s":                    every(3100 * time.Millisecond),
		"scrapes every 15 s":                   every(15 * time.Second),
		"scrapes every minute":                 every(time.Minute),
		"scrapes every 15 s, looks every 2 s":  func(tg *steadyTarget) { every(15 * time.Second)(tg); every(2 * time.Second)(tg) },
		"looks, a pause, and one more":         func(tg *steadyTarget) { every(2 * time.Second)(tg); tg.now += 19 * time.Second; _, _ = tg.look() },
		"two scrapers, a moment apart":         func(tg *steadyTarget) { every(15 * time.Second)(tg); tg.now += time.Second; tg.sample() },
		"one look at an old target":            func(tg *steadyTarget) { tg.now += time.Hour; _, _ = tg.look() },
		"no look at a target that is new then": func(*steadyTarget) {},
	}
}

// After any pause of the looks, windows are those since the last look before it, if that
// is not too long ago. Otherwise the look waits for a short one. No window begins with
// the sample of the look itself.
func TestAWindowAfterAPauseIsThatSinceTheLastLook(t *testing.T) {
	t.Parallel()
	for name, before := range histories() {
		for pause := time.Duration(0); pause <= 200*time.Second; pause += 250 * time.Millisecond {
			tg := &steadyTarget{log: window.NewLog(0)}
			before(tg)
			last := tg.last
			tg.now += pause
			got, wait := tg.look()
			checkPause(t, fmt.Sprintf("%s, %v ago", name, pause), tg.now, tg.now-last, got, wait)
		}
	}
}

func checkPause(t *testing.T, when string, now, since time.Duration, got livestatus.Recent, wait time.Duration) {
	t.Helper()
	const moment = 250 * time.Millisecond
	if got := got.Short.Span; got < moment && got != now || got > 30*time.Second+10*time.Microsecond {
		t.Errorf("%s: the short window has %v", when, got)
	}
	switch span := got.Short.Span; {
	case since > 30*time.Second && (wait != moment || span < moment || span > moment+10*time.Microsecond):
		t.Errorf("%s: the short window has %v after a wait of %v, want %v of both", when, span, wait, moment)
	case since > 15*time.Second && since < 29*time.Second && (wait != 0 || span != since):
		t.Errorf("%s: the short window has %v after a wait of %v, want all of the pause, without a wait", when, span, wait)
	case since > 500*time.Millisecond && since < 15*time.Second && wait != 0:
		t.Errorf("%s: a wait of %v, want none", when, wait)
	}
	if span := got.Long.Span; since > 90*time.Second && since < 179*time.Second && span != since {
		t.Errorf("%s: the long window has %v, want all of the pause", when, span)
	}
	for _, w := range []livestatus.Window{got.Short, got.Long} {
		if n := float64(w.Ended) - 100*w.Span.Seconds(); n < -1 || n > 1 {
			t.Errorf("%s: %d RPCs in %v, want 100 a second", when, w.Ended, w.Span)
		}
	}
}

// Other looks and scrapes take samples as well. One of a moment ago is no more a
// beginning than that of the look itself.
func TestAWindowDoesNotBeginWithAnotherLookOfThisMoment(t *testing.T) {
	t.Parallel()
	for after := time.Millisecond; after < 2*time.Second; after += 7 * time.Millisecond {
		tg := &steadyTarget{log: window.NewLog(0)}
		every(2 * time.Second)(tg)
		tg.now += 20 * time.Second
		tg.sample()
		tg.now += after
		got, wait := tg.look()
		want := 20 * time.Second // and what came after
		if after >= time.Second {
			want = 0 // the present matters more
		}
		if span := got.Short.Span; wait != 0 || span != want+after+5*time.Microsecond {
			t.Errorf("%v after another look: the short window has %v after a wait of %v, want %v", after, span, wait, want+after)
		}
	}
}

// A sample of a moment ago shortens the wait for the first window, which it begins.
func TestALookWaitsForTheSampleOfAnother(t *testing.T) {
	t.Parallel()
	tg := &steadyTarget{log: window.NewLog(0), now: time.Hour}
	tg.sample()
	tg.now += 100 * time.Millisecond
	got, wait := tg.look()
	if wait != 150*time.Millisecond || got.Short.Span != 250*time.Millisecond+5*time.Microsecond {
		t.Errorf("a window of %v after a wait of %v, want 250 ms after 150 ms", got.Short.Span, wait)
	}
}

// Nothing was before the birth of a target, so there is nothing to wait for.
func TestALookAtTheBirthDoesNotWait(t *testing.T) {
	t.Parallel()
	if wait := window.NewLog(time.Hour).Wait(time.Hour); wait != 0 {
		t.Errorf("a wait of %v, want none", wait)
	}
}
