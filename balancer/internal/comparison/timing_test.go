package comparison_test

import (
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"
)

// load is how RPCs are sent. A batch is one RPC of each caller, at the same
// time, on the channel of one variant.
type load struct {
	procs   int // GOMAXPROCS
	callers int
	rounds  int // of one batch per variant
}

// rpcsPerCollection is how many RPCs a variant has between two collections of
// garbage.
const rpcsPerCollection = 250

// times returns for each variant the nanoseconds per RPC of its batches, round
// by round: the time of the batch divided by its RPCs. The variants take turns
// in an order that is random in each round, so that what slows the machine down
// slows all alike.
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

// minus returns the median of the rounds' differences.
func minus(times, others []float64) float64 {
	differences := make([]float64, len(times))
	for round := range times {
		differences[round] = times[round] - others[round]
	}
	return median(differences)
}
