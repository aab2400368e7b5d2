package latency

import (
	"math"
	"slices"
)

const (
	perDoubling = 8 // native buckets
	schema      = 3 // which is what Prometheus calls that: 2^3 per doubling

	// A native bucket has a key k, and holds the durations d with
	// 2^((k-1)/8) < d <= 2^(k/8), in seconds. The first one begins at zeroThreshold. The
	// last one also counts the durations that are too long for it.
	firstKey = -zeroExponent*perDoubling + 1
	lastKey  = 12 * perDoubling
	keys     = lastKey - firstKey + 1

	// zeroThreshold is the longest duration that counts as zero, in seconds: 7.6 µs.
	zeroThreshold = 1.0 / (1 << zeroExponent)
	zeroExponent  = 17
)

// classic are the upper bounds of the classic buckets, in seconds. The last bucket has
// none.
var classic = [...]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Buckets is the number of classic buckets.
const Buckets = len(classic) + 1

// cells is their number: one for zero, one for each key, and one more for each native
// bucket that a classic bound splits.
const cells = 1 + keys + len(classic) - splitsNothing

// splitsNothing is the number of classic bounds that are native ones, too: 0.25, 0.5 and 1 s.
const splitsNothing = 3

// upTo has the bounds of the native buckets between 0.5 and 1, both included.
var upTo = func() (bounds [perDoubling + 1]float64) {
	for i := range bounds {
		bounds[i] = math.Exp2(float64(i)/perDoubling - 1)
	}
	return bounds
}()

// below has, for each sixteenth of the fractions between 0.5 and 1, how many of upTo
// are below it. No sixteenth has two of them.
var below = func() (counts [16]uint8) {
	for i := range counts {
		low := .5 + float64(i)/32
		n, _ := slices.BinarySearch(upTo[:], low)
		counts[i] = uint8(n)
	}
	return counts
}()

// keyOf returns the key of the native bucket of a positive duration in seconds.
func keyOf(seconds float64) int {
	const mantissa = 52
	bits := math.Float64bits(seconds)
	exponent := int(bits>>mantissa) - 1022 // seconds is fraction × 2^exponent
	n := int(below[bits>>(mantissa-4)&15])
	if fraction := math.Float64frombits(bits&(1<<mantissa-1) | 1022<<mantissa); fraction > upTo[n] {
		n++
	}
	return n + (exponent-1)*perDoubling
}

// split is a native bucket as a row of cells: one, or two if a classic bound lies
// between them.
type split struct {
	at    float64 // the classic bound, or infinity
	first uint8
}

func (s *split) isTwo() bool { return !math.IsInf(s.at, 1) }

// splits are those of all keys. bucketOf has the classic bucket of each cell.
var splits, bucketOf = func() (splits [keys]split, bucketOf [cells]uint8) {
	cell, bucket := 1, 0
	for i := range splits {
		splits[i] = split{math.Inf(1), uint8(cell)}
		bucketOf[cell] = uint8(bucket)
		bound := math.Inf(1)
		if bucket < len(classic) {
			bound = classic[bucket]
		}
		if keyOf(bound) == firstKey+i {
			bucket++
			if bound != math.Exp2(float64(firstKey+i)/perDoubling) {
				splits[i].at = bound
				cell++
				bucketOf[cell] = uint8(bucket)
			}
		}
		cell++
	}
	return splits, bucketOf
}()

// rowOf has the first cell of each classic bucket, and the number of cells.
var rowOf = func() (first [Buckets + 1]uint8) {
	for cell, bucket := range bucketOf {
		first[bucket+1] = uint8(cell + 1) //nolint:gosec // there are 220
	}
	return first
}()

// bounds has where each cell begins, in seconds, and where the last one ends.
var bounds = func() (bounds [cells + 1]float64) {
	for i, s := range splits {
		end := math.Exp2(float64(firstKey+i) / perDoubling)
		bounds[s.first] = math.Exp2(float64(firstKey+i-1) / perDoubling)
		bounds[s.first+1] = min(s.at, end)
		if s.isTwo() {
			bounds[s.first+2] = end
		}
	}
	return bounds
}()

// cellOf returns the cell of a duration in seconds.
func cellOf(seconds float64) int {
	if seconds <= zeroThreshold {
		return 0
	}
	s := &splits[min(keyOf(seconds), lastKey)-firstKey]
	if seconds > s.at {
		return int(s.first) + 1
	}
	return int(s.first)
}
