package window

import (
	"slices"
	"sync"
	"time"
)

const (
	spacing   = time.Second            // between samples
	firstWait = 250 * time.Millisecond // of a first look, at most

	dense     = 12 * time.Second // samples younger than this are denseGap apart, others sparseGap
	denseGap  = 2 * time.Second
	sparseGap = 10 * time.Second
	keepFor   = 75 * time.Second
)

// The windows that a view shows, and the oldest samples that they may begin with.
const (
	short, maxShort = 10 * time.Second, 30 * time.Second
	long, maxLong   = time.Minute, 3 * time.Minute
)

// canBegin reports whether a window may begin with the sample. One that a look has
// just taken is too young. But nothing was before a target's birth, so a window may
// begin with that at any age.
func (s *Sample) canBegin(now, limit time.Duration) bool {
	age := now - s.at
	return age <= limit && (age >= firstWait || s.counts == nil && age > 0)
}

// Log keeps samples of a target. Its methods are safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	samples []*Sample     // oldest first; the first may be that of the birth. Views share the list, so it is replaced, never changed.
	history []Point       // of the last minute, oldest first
	begun   bool          // Begin has returned a sample
	last    time.Duration // when it did last

	readers int     // views and samples that read other samples
	spare   *Sample // the memory of a dropped one, for the next; nil if there is none
}

// NewLog returns the log of a target that was born at the time, without backends.
func NewLog(born time.Duration) *Log { return &Log{samples: []*Sample{{at: born}}} }

// Begin begins a sample, or returns nil if none is due. The caller puts all backends
// into it and calls Add.
func (l *Log) Begin(now time.Duration) *Sample {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.samples[len(l.samples)-1]
	if l.begun && now-l.last < spacing || before.at >= now {
		return nil
	}
	l.begun, l.last = true, now
	l.readers++
	s := l.spare
	if l.spare = nil; s == nil {
		// Most samples are as large as the one before.
		s = &Sample{counts: make([]Counts, 0, len(before.counts)), durations: make([]durations, 0, len(before.durations))}
	}
	s.at, s.before, s.point = now, before, Point{At: now, Span: now - before.at}
	return s
}

// Add adds a sample, which belongs to the log from now on. It drops a sample if another
// has been added since Begin.
func (l *Log) Add(s *Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers--
	overtaken := s.before != l.samples[len(l.samples)-1]
	if s.before = nil; overtaken {
		return
	}
	l.history = append(withoutOld(l.history, s.at), s.point)
	l.thinLocked(s)
}

// withoutOld returns the points of the last minute. It changes the list.
func withoutOld(history []Point, now time.Duration) []Point {
	return slices.DeleteFunc(history, func(p Point) bool { return now-p.At >= long })
}

// thinLocked adds the newest sample and drops those that no window needs.
func (l *Log) thinLocked(newest *Sample) {
	now, old := newest.at, l.samples
	for len(old) > 1 && (now-old[1].at > keepFor || now-old[0].at > maxLong) {
		l.dropLocked(old[0])
		old = old[1:]
	}
	kept := make([]*Sample, 0, len(old)+1)
	for i, s := range old {
		gap := denseGap
		switch {
		case i == len(old)-1:
			gap = 0 // after a pause of the looks, the newest windows begin with this one
		case now-s.at > dense:
			gap = sparseGap
		}
		if i == 0 || s.at-kept[len(kept)-1].at >= gap {
			kept = append(kept, s)
		} else {
			l.dropLocked(s)
		}
	}
	kept = append(kept, newest)
	l.samples = kept
}

// dropLocked keeps the memory of a sample that nobody reads for the next one.
func (l *Log) dropLocked(s *Sample) {
	if l.readers == 0 {
		l.spare = &Sample{counts: s.counts[:0], durations: s.durations[:0]}
	}
}

// Wait returns how long to wait, once a sample is taken, until a view has a short
// window. It is 0 if a view within the next second has one, or the target has just been
// born.
func (l *Log) Wait(now time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := firstWait
	for _, s := range l.samples {
		age := now - s.at
		if s.counts == nil && age <= 0 || s.canBegin(now, maxShort-time.Second) {
			return 0
		}
		if age < firstWait {
			wait = min(wait, firstWait-age)
		}
	}
	return wait
}
