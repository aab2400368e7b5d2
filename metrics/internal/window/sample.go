package window

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/latency"
)

// Counts are what a backend has done since it was born, modulo 2^32. In a few
// minutes no backend does more than that.
type Counts struct{ Picks, Repicks, Ended, Failed uint32 }

// since returns what was added to the earlier counts.
func (c Counts) since(earlier Counts) Counts {
	return Counts{
		Picks: c.Picks - earlier.Picks, Repicks: c.Repicks - earlier.Repicks,
		Ended: c.Ended - earlier.Ended, Failed: c.Failed - earlier.Failed,
	}
}

// inFlight returns how many RPC attempts are under way.
func (c Counts) inFlight() uint32 { return c.Picks - c.Repicks - c.Ended }

// ID identifies a backend of a target.
type ID struct {
	Slot uint32        // no other backend has it now
	Born time.Duration // all counts were 0
}

// Sample is what the backends of a target had done at one moment. [Log.Begin] makes
// it. It does not change once it is in a log.
type Sample struct {
	at        time.Duration
	counts    []Counts    // by slot
	durations []durations // by slot; a backend above its length has none

	before *Sample // in the log; nil once this one is
	point  Point   // what has happened since
}

// Put adds a backend. d is nil if its attempts are not measured. Slots may come in
// any order.
func (s *Sample) Put(id ID, c Counts, d *latency.Counts) {
	s.counts = grown(s.counts, id.Slot)
	s.counts[id.Slot] = c
	s.point.add(c.since(s.before.countsOf(id)))
	if d != nil {
		s.durations = grown(s.durations, id.Slot)
		s.durations[id.Slot] = durations(*d)
	}
}

// countsOf returns the counts of the backend, which are 0 if it was not born yet.
func (s *Sample) countsOf(id ID) Counts {
	if id.Born >= s.at || int(id.Slot) >= len(s.counts) {
		return Counts{}
	}
	return s.counts[id.Slot]
}

var noDurations durations

// durationsOf returns the durations of the backend, not to be changed.
func (s *Sample) durationsOf(id ID) *durations {
	if id.Born >= s.at || int(id.Slot) >= len(s.durations) {
		return &noDurations
	}
	return &s.durations[id.Slot]
}

// grown returns the list with a place for the slot. What is between is 0.
func grown[T any](list []T, slot uint32) []T {
	if more := int(slot) + 1 - len(list); more > 0 {
		list = append(list, make([]T, more)...)
	}
	return list
}

// Point is what all backends together did in the stretch of time that ended at At.
type Point struct {
	At, Span             time.Duration
	Picks, Ended, Failed uint64
}

func (p *Point) add(c Counts) {
	p.Picks, p.Ended, p.Failed = p.Picks+uint64(c.Picks), p.Ended+uint64(c.Ended), p.Failed+uint64(c.Failed)
}
