package window

import (
	"slices"
	"sync"
	"time"
)

const (
	spacing  = time.Second // between samples
	firstGap = 200 * time.Millisecond

	dense      = 12 * time.Second // samples younger than this are denseGap apart, others sparseGap
	denseGap   = 2 * time.Second
	sparseGap  = 10 * time.Second
	keepFor    = 75 * time.Second
	maxHistory = 60
)

// The windows that a view shows, and the oldest samples that they may begin with.
const (
	short, maxShort = 10 * time.Second, 30 * time.Second
	long, maxLong   = time.Minute, 3 * time.Minute
)

// Log keeps samples of a target. Its methods are safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	samples []*Sample // oldest first; the first may be that of the birth
	history []Point   // oldest first
	claimed bool      // a sample was due
	last    time.Duration
}

// Point is what all backends together did in the stretch of time that ended at At.
type Point struct {
	At, Span             time.Duration
	Picks, Ended, Failed uint64
}

// NewLog returns the log of a target that was born at the time, without backends.
func NewLog(born time.Duration) *Log {
	return &Log{samples: []*Sample{{At: born, Timed: true}}}
}

// Due reports whether a sample is to be taken. If so, the caller must take it; others
// are told that none is due.
func (l *Log) Due(now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.claimed && now-l.last < l.gapLocked(now) {
		return false
	}
	l.claimed, l.last = true, now
	return true
}

// gapLocked returns how long after the last sample the next one is due. The second
// after a long time comes early, because a first look waits for it.
func (l *Log) gapLocked(now time.Duration) time.Duration {
	if n := len(l.samples); n < 2 || now-l.samples[n-2].At > maxShort/2 {
		return firstGap
	}
	return spacing
}

// Wait returns how long to wait before there is a sample that a short window can
// begin with. With timed it must have durations.
func (l *Log) Wait(now time.Duration, timed bool) time.Duration {
	const youngest = firstGap + firstGap/4
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := youngest
	for _, s := range l.samples {
		age := now - s.At
		switch {
		case timed && !s.Timed || age > maxShort/2:
		case s.Counts == nil, age >= youngest: // nothing was before a target's birth
			return 0
		default:
			wait = min(wait, youngest-age)
		}
	}
	return wait
}

// LastTimed returns the last sample with durations, or nil.
func (l *Log) LastTimed() *Sample {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lastTimed(l.samples)
}

func lastTimed(samples []*Sample) *Sample {
	for _, s := range slices.Backward(samples) {
		if s.Timed {
			return s
		}
	}
	return nil
}

// Add adds a sample with the IDs of its backends. Both belong to the log from now
// on. A sample that comes late, after a younger one, is dropped.
func (l *Log) Add(s *Sample, backends []ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.samples)
	if n > 0 && l.samples[n-1].At >= s.At {
		return
	}
	l.addPointLocked(s, backends)
	// Views share the array, so it is not changed.
	l.samples = thinned(append(slices.Clone(l.samples), s), s.At)
}

// addPointLocked adds what happened since the last sample, which thinning never
// drops.
func (l *Log) addPointLocked(s *Sample, backends []ID) {
	before := l.samples[len(l.samples)-1]
	p := Point{At: s.At, Span: s.At - before.At}
	for _, id := range backends {
		c := s.Counts[id.Slot].since(before.counts(id))
		p.Picks, p.Ended, p.Failed = p.Picks+uint64(c.Picks), p.Ended+uint64(c.Ended), p.Failed+uint64(c.Failed)
	}
	l.history = append(l.history, p)
	old := 0
	for old < len(l.history)-1 && s.At-l.history[old].At > long || len(l.history)-old > maxHistory {
		old++
	}
	l.history = slices.Delete(l.history, 0, old)
}

// thinned drops the samples that no window needs. It keeps the newest.
func thinned(samples []*Sample, now time.Duration) []*Sample {
	first := 0
	for first < len(samples)-1 && (now-samples[first+1].At > keepFor || now-samples[first].At > maxLong) {
		first++
	}
	kept := samples[:0]
	for i, s := range samples[first:] {
		gap := denseGap
		if now-s.At > dense {
			gap = sparseGap
		}
		if i == 0 || i == len(samples)-first-1 || s.At-kept[len(kept)-1].At >= gap {
			kept = append(kept, s)
		}
	}
	clear(samples[len(kept):]) // so that they are not kept in memory
	return kept
}
