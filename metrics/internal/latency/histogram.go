package latency

import (
	"sync/atomic"
	"time"
)

// Histogram measures durations. The zero Histogram is ready to use. All methods may be
// called from any goroutine at any time.
type Histogram struct {
	sum       atomic.Uint64 // nanoseconds
	cells     [cells]atomic.Uint64
	exemplars atomic.Pointer[exemplars] // nil before the first
}

// Observe counts a duration. A negative one counts as zero.
func (h *Histogram) Observe(d time.Duration) { h.observe(max(d, 0)) }

func (h *Histogram) observe(d time.Duration) (cell int) {
	cell = cellOf(d.Seconds())
	h.cells[cell].Add(1)
	h.sum.Add(uint64(d))
	return cell
}

// Counts are what a Histogram has counted since it was made, by classic bucket, modulo
// 2^32. For the windows of the live page that is enough.
type Counts struct {
	Sum     time.Duration
	Buckets [Buckets]uint32
}

// Read reads the counts into c. Of durations that are observed meanwhile it may have the
// count without the sum.
func (h *Histogram) Read(c *Counts) {
	c.Sum = time.Duration(h.sum.Load())
	for bucket := range c.Buckets {
		n := uint64(0)
		row := h.cells[rowOf[bucket]:rowOf[bucket+1]]
		for i := range row {
			n += row[i].Load()
		}
		c.Buckets[bucket] = uint32(n) //nolint:gosec // modulo 2^32
	}
}
