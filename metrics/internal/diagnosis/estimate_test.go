package diagnosis_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// watched plays a target without latency, whose page is read now and then.
type watched struct {
	log      *window.Log
	now      time.Duration
	backends []window.Counts
	tail     []uint32 // how many of those in flight are of the few that take long
	memory   diagnosis.Memory
}

func newWatched(n int) *watched {
	return &watched{log: window.NewLog(0), now: time.Hour, backends: make([]window.Counts, n), tail: make([]uint32, n)}
}

// look returns the report and how many backends seem slow.
func (w *watched) look() (r *diagnosis.Report, slow int) {
	if s := w.log.Begin(w.now); s != nil {
		for slot, c := range w.backends {
			s.Put(window.ID{Slot: uint32(slot)}, c, nil)
		}
		w.log.Add(s)
	}
	v := w.log.View(w.now)
	defer v.Close()
	st := open(even(len(w.backends))...)
	for slot, c := range w.backends {
		st.Backends[slot].Recent = v.Backend(window.ID{Slot: uint32(slot)}, c, nil, nil)
	}
	st.Recent = v.Total()
	w.memory.Reset()
	r = diagnosis.New(st, statustest.Now, &w.memory)
	for _, j := range r.Judged {
		if j.Condition == diagnosis.Slow {
			slow++
		}
	}
	return r, slow
}

// random lets attempts come at random on each backend, at the rate, and take times that
// are distributed exponentially.
func (w *watched) random(r *rand.Rand, span time.Duration, rate float64, mean time.Duration) {
	w.now += span
	for slot := range w.backends {
		w.play(r, slot, span, rate, mean, w.backends[slot].Picks-w.backends[slot].Ended)
	}
}

// tailed is like random, but one of a hundred takes a hundred times as long.
func (w *watched) tailed(r *rand.Rand, span time.Duration, rate float64, mean time.Duration) {
	w.now += span
	for slot := range w.backends {
		usual := w.backends[slot].Picks - w.backends[slot].Ended - w.tail[slot]
		w.play(r, slot, span, rate*.99, mean, usual)
		w.tail[slot] = w.play(r, slot, span, rate*.01, 100*mean, w.tail[slot])
	}
}

// play plays attempts of one kind on a backend. It returns how many are in flight then.
func (w *watched) play(r *rand.Rand, slot int, span time.Duration, rate float64, mean time.Duration, inFlight uint32) uint32 {
	c, stays := &w.backends[slot], math.Exp(-span.Seconds()/mean.Seconds()) // the chance of one in flight
	left := uint32(0)
	for range inFlight {
		if r.Float64() >= stays {
			left++
		}
	}
	still := rate * mean.Seconds() * (1 - stays) // of those that came
	gone, came := poisson(r, rate*span.Seconds()-still), poisson(r, still)
	c.Picks += gone + came
	c.Ended += gone + left
	return inFlight - left + came
}

// poisson draws a number with the mean.
func poisson(r *rand.Rand, mean float64) (n uint32) {
	if mean > 50 {
		return uint32(max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	for p := r.Float64(); p > math.Exp(-mean); p *= r.Float64() {
		n++
	}
	return n
}

// Of equal backends hardly ever one seems slow, however few RPCs there are. With 1,000 looks
// instead of 40, it is one of 120,000 looks with random, and 0.3 % of them with tailed,
// where the mean is indeed that high for a while.
func TestEqualBackendsDoNotSeemSlow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		play func(*watched, *rand.Rand, time.Duration, float64, time.Duration)
		most float64 // part of the looks
	}{"random": {(*watched).random, 1e-4}, "tailed": {(*watched).tailed, 2e-3}} {
		looks, alarms := 0, 0
		for _, every := range []time.Duration{2 * time.Second, 15 * time.Second} {
			for _, n := range []int{3, 10, 50} {
				for _, rps := range []float64{1, 5, 20, 100, 1000} {
					for _, mean := range []time.Duration{2 * time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second} {
						r := rand.New(rand.NewPCG(uint64(every), uint64(n)*1000+uint64(rps)))
						w := newWatched(n)
						for range 40 {
							tt.play(w, r, every, rps/float64(n), mean)
							looks++
							if report, slow := w.look(); slow > 0 {
								alarms++
								t.Logf("%s: %d backends, %v RPS of %v, looks every %v: %s", name, n, rps, mean, every, report.Sentence())
							}
						}
					}
				}
			}
		}
		if got := float64(alarms) / float64(looks); got > tt.most {
			t.Errorf("%s: in %d of %d looks a backend seemed slow, want at most %v of them", name, alarms, looks, tt.most)
		}
	}
}

// loops are callers of a target with round_robin. Each makes one RPC after the other, with
// a pause between.
type loops struct {
	*watched
	until []time.Duration
	on    []int // the backend of the RPC under way, or -1
	next  int
}

func newLoops(callers, backends int) *loops {
	l := &loops{watched: newWatched(backends), until: make([]time.Duration, callers), on: make([]int, callers)}
	for i := range l.on {
		l.on[i], l.until[i] = -1, l.now+time.Duration(i)*7*time.Millisecond
	}
	return l
}

// run runs the callers for a time.
func (l *loops) run(r *rand.Rand, span, pause time.Duration, takes func(slot int) time.Duration) {
	for end := l.now + span; l.now < end; l.now += time.Millisecond {
		for i, slot := range l.on {
			if l.now < l.until[i] {
				continue
			}
			if slot >= 0 {
				l.backends[slot].Ended++
				l.on[i], l.until[i] = -1, l.now+time.Duration(r.Int64N(2*int64(pause)+1))
				continue
			}
			slot = l.next % len(l.backends)
			l.next++
			l.backends[slot].Picks++
			l.on[i], l.until[i] = slot, l.now+takes(slot)
		}
	}
}

// Four callers make some 70 RPCs a second, of which every third takes 100 ms. The two fast
// backends hardly ever have an RPC in flight when looked at.
func TestASlowBackendIsFoundWithoutLatency(t *testing.T) {
	t.Parallel()
	const first, looks = 30, 60 // it is to be found after a minute, and from then on
	for _, slow := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second} {
		found := 0
		for seed := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, 9))
			l := newLoops(4, 3)
			for i := range looks {
				l.run(r, 2*time.Second, 21*time.Millisecond, func(slot int) time.Duration {
					if slot == 1 {
						return slow
					}
					return time.Millisecond
				})
				report, n := l.look()
				if n > 1 || n == 1 && report.Judged[1].Condition != diagnosis.Slow {
					t.Fatalf("%v, seed %d: %s", slow, seed, report.Sentence())
				}
				if i >= first {
					found += n
				}
			}
		}
		if of := 4 * (looks - first); found < of*9/10 {
			t.Errorf("%v: found at %d of %d looks, want nine of ten", slow, found, of)
		}
	}
}

// Callers that go round equal backends do not make one seem slow, nor does one that holds
// a stream to a backend.
func TestCallersOfEqualBackendsDoNotMakeOneSeemSlow(t *testing.T) {
	t.Parallel()
	for _, callers := range []int{1, 4, 20} {
		for _, takes := range []time.Duration{time.Millisecond, 30 * time.Millisecond, time.Second} {
			for _, streams := range []uint32{0, 1} {
				r := rand.New(rand.NewPCG(uint64(callers), uint64(takes)))
				l, alarms := newLoops(callers, 3), 0
				for i := range 60 {
					if i == 20 {
						l.backends[1].Picks += streams
					}
					l.run(r, 2*time.Second, 20*time.Millisecond, func(int) time.Duration { return takes/2 + time.Duration(r.Int64N(int64(takes))) })
					_, slow := l.look()
					alarms += slow
				}
				if alarms > 0 {
					t.Errorf("%d callers, %v, %d streams: %d of 60 looks", callers, takes, streams, alarms)
				}
			}
		}
	}
}
