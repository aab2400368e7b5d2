package comparison_test

import (
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"
)

// load says how RPCs are sent. A batch is one RPC of each caller, all at the same
// time, on the channel of one variant.
type load struct {
	procs   int // GOMAXPROCS
	callers int
	rounds  int // a round is one batch of each variant
}

// rpcsPerCollection is the number of RPCs of a variant between two garbage
// collections.
const rpcsPerCollection = 250

// times returns, for each variant and round, the time of the batch divided by its
// RPCs, in nanoseconds. The variants take turns, in random order in each round, so
// that other load on the machine affects all of them.
func (f *fixture) times(tb testing.TB, l load) [][]float64 {
	tb.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times := make([][]float64, len(f.channels))
	for round := range l.rounds {
		if round%max(rpcsPerCollection/l.callers, 1) == 0 {
			f.collectGarbage(tb, l.callers)
		}
		for _, i := range rand.Perm(len(f.channels)) {
			start := time.Now()
			err := f.channels[i].send(tb.Context(), l.callers, 1)
			took := time.Since(start)
			if err != nil {
				tb.Fatal(err)
			}
			times[i] = append(times[i], float64(took)/float64(l.callers))
		}
	}
	return times
}

// medianDifference returns the median of the differences in each round.
func medianDifference(times, others []float64) float64 {
	differences := make([]float64, len(times))
	for round := range times {
		differences[round] = times[round] - others[round]
	}
	return median(differences)
}
