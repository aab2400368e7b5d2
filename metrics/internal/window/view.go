package window

import (
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

// View is what a log tells at one moment. It is for one goroutine.
type View struct {
	now         time.Duration
	samples     []*Sample
	history     []Point
	short, long stretch
}

// stretch is a window of a target.
type stretch struct {
	samples []*Sample     // its own, from the one that it begins with; empty if there is none
	span    time.Duration // 0 if there is no sample

	// Between these durations were measured. Both are nil if they are not known.
	timedFrom, timedTo *Sample

	total tally // of the backends so far
}

// tally is what happened in a window.
type tally struct {
	picks, repicks, ended, failed uint64
	inFlight                      float64 // on average
	durations                     Durations
}

// View returns what the log tells.
func (l *Log) View(now time.Duration) *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := &View{now: now, samples: l.samples, history: slices.Clone(l.history)}
	v.short, v.long = v.stretch(short, maxShort), v.stretch(long, maxLong)
	return v
}

// History returns what happened in the last minute, oldest first, as far as the
// target was looked at.
func (v *View) History() []Point {
	return slices.DeleteFunc(v.history, func(p Point) bool { return v.now-p.At > long })
}

func (v *View) stretch(want, limit time.Duration) stretch {
	var st stretch
	begin := nearest(v.samples, v.now, want, limit, func(*Sample) bool { return true })
	if begin >= 0 {
		st.samples, st.span = v.samples[begin:], v.now-v.samples[begin].At
	}
	to := lastTimed(v.samples)
	if to == nil || v.now-to.At > limit {
		return st
	}
	from := nearest(v.samples, to.At, want, limit, func(s *Sample) bool { return s.Timed })
	if from >= 0 {
		st.timedFrom, st.timedTo = v.samples[from], to
	}
	return st
}

// nearest returns the index of the sample whose age is nearest to what is wanted, by
// the ratio of both, or -1.
func nearest(samples []*Sample, now, want, limit time.Duration, fits func(*Sample) bool) int {
	best, bestRatio := -1, 0.0
	for i, s := range samples {
		age := now - s.At
		if age <= 0 || age > limit || !fits(s) {
			continue
		}
		ratio := float64(age) / float64(want)
		if ratio > 1 {
			ratio = 1 / ratio
		}
		if ratio > bestRatio {
			best, bestRatio = i, ratio
		}
	}
	return best
}

// Backend returns what the backend, whose counts are now c, did lately, and adds it
// to the sums of the target.
func (v *View) Backend(id ID, c Counts) livepage.Recent {
	return livepage.Recent{Short: v.short.backend(id, c, v.now), Long: v.long.backend(id, c, v.now)}
}

// Total returns the sums of all calls of Backend.
func (v *View) Total() livepage.Recent {
	return livepage.Recent{Short: v.short.total.window(v.short.span), Long: v.long.total.window(v.long.span)}
}

func (st *stretch) backend(id ID, c Counts, now time.Duration) livepage.Window {
	span := min(st.span, now-id.Born)
	if span <= 0 {
		return livepage.Window{}
	}
	added := c.since(st.samples[0].counts(id))
	t := tally{
		picks: uint64(added.Picks), repicks: uint64(added.Repicks),
		ended: uint64(added.Ended), failed: uint64(added.Failed),
		inFlight: st.inFlight(id, c),
	}
	if st.timedFrom != nil {
		t.durations = st.timedTo.durations(id).since(st.timedFrom.durations(id))
	}
	st.total.add(&t, float64(span)/float64(st.span))
	return t.window(span)
}

// inFlight returns how many attempts on the backend are in flight, averaged over
// the samples since it was born and now.
func (st *stretch) inFlight(id ID, c Counts) float64 {
	sum, n := float64(c.inFlight()), 1
	for _, s := range st.samples {
		if s.At > id.Born {
			sum += float64(s.counts(id).inFlight())
			n++
		}
	}
	return sum / float64(n)
}

// add adds a backend that was there for part of the window.
func (t *tally) add(b *tally, part float64) {
	t.picks, t.repicks = t.picks+b.picks, t.repicks+b.repicks
	t.ended, t.failed = t.ended+b.ended, t.failed+b.failed
	t.inFlight += b.inFlight * part
	t.durations.add(&b.durations)
}

func (t *tally) window(span time.Duration) livepage.Window {
	w := livepage.Window{Span: span, Picks: t.picks, Repicks: t.repicks, Ended: t.ended, Failed: t.failed}
	switch measured := t.durations.latency(); {
	case measured.Count > 0:
		w.Latency = measured
	case t.ended > 0:
		w.Latency = livepage.Latency{Estimated: true, Mean: time.Duration(t.inFlight / float64(t.ended) * float64(span))}
	}
	return w
}
