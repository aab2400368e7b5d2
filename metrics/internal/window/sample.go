package window

import "time"

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

// Bounds are the upper bounds of the buckets of [Durations], in seconds. The last
// bucket has none.
var Bounds = [...]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Durations is a histogram of the durations of RPC attempts since a backend was born.
type Durations struct {
	Sum     float64 // seconds
	Buckets [len(Bounds) + 1]uint32
}

// since returns what was added to the earlier durations. Prometheus may reset a
// histogram: then that is all of them.
func (d *Durations) since(earlier *Durations) Durations {
	added := Durations{Sum: d.Sum - earlier.Sum}
	for i := range d.Buckets {
		added.Buckets[i] = d.Buckets[i] - earlier.Buckets[i]
		if int32(added.Buckets[i]) < 0 {
			return *d
		}
	}
	return added
}

func (d *Durations) add(more *Durations) {
	d.Sum += more.Sum
	for i := range d.Buckets {
		d.Buckets[i] += more.Buckets[i]
	}
}

func (d *Durations) count() (n uint64) {
	for _, bucket := range d.Buckets {
		n += uint64(bucket)
	}
	return n
}

// ID identifies a backend of a target.
type ID struct {
	Slot uint32        // no other backend has it now
	Born time.Duration // all counts were 0
}

// Sample is what the backends of a target had done at one moment. Times are those
// of any clock that never goes back.
type Sample struct {
	At     time.Duration
	Counts []Counts // by slot

	// Durations, by slot, if Timed. A backend above its length had none.
	Timed     bool
	Durations []Durations
}

// counts returns the counts of the backend, which are 0 if it was not born yet.
func (s *Sample) counts(id ID) Counts {
	if id.Born >= s.At || int(id.Slot) >= len(s.Counts) {
		return Counts{}
	}
	return s.Counts[id.Slot]
}

var none Durations

// durations returns the durations of the backend, not to be changed.
func (s *Sample) durations(id ID) *Durations {
	if id.Born >= s.At || int(id.Slot) >= len(s.Durations) {
		return &none
	}
	return &s.Durations[id.Slot]
}

// Put sets the counts of a backend. Slots may come in any order.
func (s *Sample) Put(id ID, c Counts) {
	s.Counts = grown(s.Counts, id.Slot)
	s.Counts[id.Slot] = c
}

// PutDurations sets the durations of a backend.
func (s *Sample) PutDurations(id ID, d *Durations) {
	s.Durations = grown(s.Durations, id.Slot)
	s.Durations[id.Slot] = *d
}

// Keep takes over the durations of the earlier sample, if the backend has had no
// attempt since. It reports whether it has.
func (s *Sample) Keep(id ID, c Counts, earlier *Sample) bool {
	if earlier == nil || earlier.counts(id) != c {
		return false
	}
	if d := earlier.durations(id); d != &none {
		s.PutDurations(id, d)
	}
	return true
}

func grown[T any](list []T, slot uint32) []T {
	if more := int(slot) + 1 - len(list); more > 0 {
		list = append(list, make([]T, more)...)
	}
	return list
}
