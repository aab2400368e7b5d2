package window

import (
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/reuse"
)

// View is what a log tells at one moment. It is for one goroutine.
type View struct {
	log         *Log
	now         time.Duration
	history     []Point
	short, long stretch
	spreads     *[2]latency.Spread // of short and long; nil if no attempt was measured
}

var spreads reuse.Pool[[2]latency.Spread]

// stretch is a window of a target.
type stretch struct {
	samples []*Sample     // from the one that it begins with; empty if the window is not known
	span    time.Duration // 0 if the window is not known
	total   tally         // of the backends so far
	spread  *latency.Spread
}

// tally is what happened in a window.
type tally struct {
	picks, repicks, ended, failed uint64
	sightings                     sightings
	inFlight                      float64 // on average, of a target
	durations                     durations
}

// View returns what the log tells. It must be closed.
func (l *Log) View(now time.Duration) *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers++
	return &View{
		log: l, now: now, history: withoutOld(slices.Clone(l.history), now),
		short: newStretch(l.samples, now, short, maxShort), long: newStretch(l.samples, now, long, maxLong),
	}
}

// Close ends the use of the view.
func (v *View) Close() {
	if v.spreads != nil {
		spreads.Put(v.spreads)
		v.spreads = nil
	}
	v.log.mu.Lock()
	defer v.log.mu.Unlock()
	v.log.readers--
}

// newStretch begins with the sample whose age is nearest to the wanted one, by the
// ratio of both. It takes a much older or younger one only if there is no other: the past
// must not hide the present, and a moment must not stand for the window.
func newStretch(samples []*Sample, now, want, limit time.Duration) stretch {
	if st := nearest(samples, now, want, want/10, want*3/2); st.span > 0 {
		return st
	}
	return nearest(samples, now, want, 0, limit)
}

// nearest returns the stretch that begins with the nearest sample of an age between the
// limits.
func nearest(samples []*Sample, now, want, least, most time.Duration) stretch {
	best, bestRatio := stretch{}, 0.0
	for i, s := range samples {
		age := now - s.at
		if age < least || !s.canBegin(now, most) {
			continue
		}
		ratio := float64(min(age, want)) / float64(max(age, want))
		if ratio > bestRatio {
			best, bestRatio = stretch{samples: samples[i:], span: age}, ratio
		}
	}
	return best
}

// History returns the points of the last minute, oldest first. There is one for each
// sample.
func (v *View) History() []Point { return v.history }

// Backend returns what the backend did lately, and adds it to the sums of the target.
// Its counts are now c and d, and h is where d was read. d and h are nil if its attempts
// are not measured.
func (v *View) Backend(id ID, c Counts, d *latency.Counts, h *latency.Histogram) livestatus.Recent {
	all := &noDurations
	if d != nil && h != nil {
		all = (*durations)(d)
		v.useSpreads()
	}
	return livestatus.Recent{Short: v.short.backend(id, c, all, h, v.now), Long: v.long.backend(id, c, all, h, v.now)}
}

// useSpreads takes memory for the durations of the target.
func (v *View) useSpreads() {
	if v.spreads == nil {
		v.spreads = spreads.Get()
		clear(v.spreads[0][:])
		clear(v.spreads[1][:])
		v.short.spread, v.long.spread = &v.spreads[0], &v.spreads[1]
	}
}

// Total returns the sums of all calls of Backend.
func (v *View) Total() livestatus.Recent {
	return livestatus.Recent{Short: v.short.total.all(v.short.span, v.short.spread), Long: v.long.total.all(v.long.span, v.long.spread)}
}

func (st *stretch) backend(id ID, c Counts, d *durations, h *latency.Histogram, now time.Duration) livestatus.Window {
	span := min(st.span, now-id.Born)
	if span <= 0 {
		return livestatus.Window{}
	}
	first := st.samples[0]
	added := c.since(first.countsOf(id))
	t := tally{
		picks: uint64(added.Picks), repicks: uint64(added.Repicks),
		ended: uint64(added.Ended), failed: uint64(added.Failed),
		sightings: st.sightings(id, c, now), durations: d.since(first.durationsOf(id)),
	}
	st.total.add(&t, float64(span)/float64(st.span))
	var spread latency.Spread
	if st.spread != nil && h != nil && t.durations.count() > 0 {
		h.Spread((*latency.Counts)(&t.durations), &spread)
		st.spread.Add(&spread)
	}
	return t.window(span, &spread)
}

// sightings returns how many attempts on the backend were in flight, in the samples since
// it was born and now. The sample of this look is now.
func (st *stretch) sightings(id ID, c Counts, now time.Duration) (s sightings) {
	for _, sample := range st.samples {
		if sample.at > id.Born && now-sample.at >= firstWait {
			s.add(sample.countsOf(id).inFlight())
		}
	}
	s.add(c.inFlight())
	return s
}

// add adds a backend that was there for part of the window.
func (t *tally) add(b *tally, part float64) {
	t.picks, t.repicks = t.picks+b.picks, t.repicks+b.repicks
	t.ended, t.failed = t.ended+b.ended, t.failed+b.failed
	t.sightings.looks = max(t.sightings.looks, b.sightings.looks)
	t.sightings.seen += b.sightings.seen
	t.inFlight += b.sightings.onAverage() * part
	t.durations.add(&b.durations)
}

func (t *tally) window(span time.Duration, s *latency.Spread) livestatus.Window {
	w := livestatus.Window{Span: span, Picks: t.picks, Repicks: t.repicks, Ended: t.ended, Failed: t.failed, Latency: t.durations.latency(s)}
	if w.Latency.Count == 0 && t.ended > 0 {
		w.Latency = t.sightings.latency(t.ended, span)
	}
	return w
}

// all returns the window of a target, whose backends t sums up.
func (t *tally) all(span time.Duration, s *latency.Spread) livestatus.Window {
	w := t.window(span, s)
	if w.Latency.Estimated { // young backends count in part
		w.Latency.Mean = time.Duration(t.inFlight / float64(t.ended) * float64(span))
	}
	return w
}
