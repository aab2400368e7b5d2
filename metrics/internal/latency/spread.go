package latency

import (
	"math"
	"time"
)

// Spread is how the durations of a window lie in the cells. A window has only [Counts],
// so within each bucket that is an estimate.
type Spread [cells]float64

// Spread spreads the counts of a window, which were h's, over the cells: in each bucket
// as all durations that h has counted since it was made. If the sum of the window
// contradicts that, because its durations have changed within a bucket, the bucket that
// took the most time is tilted to what the sum says.
func (h *Histogram) Spread(window *Counts, s *Spread) {
	clear(s[:])
	for bucket, n := range window.Buckets {
		if n == 0 {
			continue
		}
		first, end := rowOf[bucket], rowOf[bucket+1]
		all := 0.0
		for cell := first; cell < end; cell++ {
			s[cell] = float64(h.cells[cell].Load())
			all += s[cell]
		}
		if all == 0 { // they are another histogram's
			s[first], all = 1, 1
		}
		for cell := first; cell < end; cell++ {
			s[cell] *= float64(n) / all
		}
	}
	s.fit(window)
}

// Add adds the durations of another backend.
func (s *Spread) Add(other *Spread) {
	for cell := range s {
		s[cell] += other[cell]
	}
}

// fit tilts the bucket that took the most time, if neither the width of a cell nor the
// other buckets can explain the sum of the window.
func (s *Spread) fit(window *Counts) {
	const widest = 1.1 // ratio of the bounds of a cell
	most, mostTime, rest, vague := 0, 0.0, window.Sum.Seconds(), 0.0
	for bucket, n := range window.Buckets {
		if n == 0 {
			continue
		}
		took := timeOf(s.row(bucket))
		rest, vague = rest-took, vague+float64(n)*widthOf(bucket)
		if took > mostTime {
			most, mostTime = bucket, took
		}
	}
	n := float64(window.Buckets[most])
	vague -= n * widthOf(most)
	if n > 0 && math.Abs(rest) > vague+(widest-1)*mostTime {
		s.tilt(most, n, mostTime+rest)
	}
}

// row is the cells of a bucket. The first has the number first among all.
type row struct {
	n     []float64
	first uint8
}

func (s *Spread) row(bucket int) row {
	first, end := rowOf[bucket], rowOf[bucket+1]
	return row{s[first:end], first}
}

func widthOf(bucket int) (seconds float64) {
	return bounds[rowOf[bucket+1]] - bounds[rowOf[bucket]]
}

// timeOf returns the sum of the durations in the row.
func timeOf(r row) (seconds float64) {
	for i, n := range r.n {
		cell := int(r.first) + i
		seconds += n * (bounds[cell] + bounds[cell+1]) / 2
	}
	return seconds
}

// tilt multiplies the counts of a bucket's cells by powers of one number, so that n
// durations took so long. No cell without durations gets any.
func (s *Spread) tilt(bucket int, n, seconds float64) {
	r := s.row(bucket)
	for len(r.n) > 1 && r.n[0] == 0 {
		r = row{r.n[1:], r.first + 1}
	}
	for len(r.n) > 1 && r.n[len(r.n)-1] == 0 {
		r.n = r.n[:len(r.n)-1]
	}
	var memory Spread
	tilted := row{memory[:len(r.n)], r.first}
	low, high := -40.0, 40.0 // logarithms of the number
	for range 40 {
		middle := (low + high) / 2
		if r.tilted(middle, n, tilted.n); timeOf(tilted) < seconds {
			low = middle
		} else {
			high = middle
		}
	}
	copy(r.n, tilted.n)
}

// tilted sets the counts to those of the row, times powers of a number whose logarithm is
// by, and so that their sum is n.
func (r row) tilted(by, n float64, counts []float64) {
	all, power, factor := 0.0, 1.0, math.Exp(-math.Abs(by))
	for i := range counts {
		if by > 0 { // from the largest power, which is 1, to the smallest
			i = len(counts) - 1 - i
		}
		counts[i] = r.n[i] * power
		all += counts[i]
		power *= factor
	}
	for i := range counts {
		counts[i] *= n / all
	}
}

// Quantile returns the quantile of the counts, which are spread like this. It is exact
// to the bucket, and within it interpolated by cell.
func (s *Spread) Quantile(q float64, c *Counts) time.Duration {
	all := uint64(0)
	for _, n := range c.Buckets {
		all += uint64(n)
	}
	rank := q * float64(all)
	for bucket, n := range c.Buckets {
		if n > 0 && rank <= float64(n) {
			return s.place(bucket, rank/float64(n))
		}
		rank -= float64(n)
	}
	return 0
}

// place returns the duration in the bucket that has this part of its others below.
func (s *Spread) place(bucket int, part float64) time.Duration {
	first, end := rowOf[bucket], rowOf[bucket+1]
	rank := 0.0
	for cell := first; cell < end; cell++ {
		rank += part * s[cell]
	}
	seconds := bounds[end]
	for cell := first; cell < end; cell++ {
		if n := s[cell]; n > 0 {
			from, to := bounds[cell], bounds[cell+1]
			seconds = from + (to-from)*min(rank/n, 1)
			if rank <= n {
				break
			}
			rank -= n
		}
	}
	return time.Duration(seconds * float64(time.Second))
}
