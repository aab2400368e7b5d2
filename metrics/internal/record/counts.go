package record

import "sync/atomic"

// Counts are the counters that nearly every RPC increments. They are allocated apart
// from the rest of the record: see newCounts.
type Counts struct {
	picks atomic.Uint64
	ok    atomic.Uint64 // RPCs that ended without an error
}

// CountPick counts a pick of the backend.
func (c *Counts) CountPick() { c.picks.Add(1) }

// Counts returns the backend's. They are always the same.
func (b *Backend) Counts() *Counts { return b.counts }

const (
	// slotsApart is how many backends of a target have counts apart from all others.
	slotsApart = 64

	// apart is the size of a pair of cache lines, which processors fetch together.
	apart = 128
)

// newCounts returns the counts for the backend with the slot. Where a target has few
// backends, many cores count in each of them: two that share a cache line would make
// each other slower. So the counts of the first backends lie apart. Where it has
// thousands, cores seldom meet, but the cache is too small for a line for each. So
// those of the others lie close together.
func newCounts(slot uint32) *Counts {
	if slot >= slotsApart {
		return new(Counts)
	}
	// Go aligns an object of this size to it.
	padded := new(struct {
		Counts
		_ [apart - 16]byte
	})
	return &padded.Counts
}
