package comparison_test

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
)

// allocations returns how many times, and how many bytes, the process
// allocates per RPC of each variant. Here a variant has its RPCs in one go,
// because the process as a whole is all that can be looked at.
func (f *fixture) allocations(tb testing.TB, callers int) (times, bytes []float64) {
	tb.Helper()
	const rpcs = 1000
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times, bytes = make([]float64, len(f.channels)), make([]float64, len(f.channels))
	var before, after runtime.MemStats
	for _, i := range rand.Perm(len(f.channels)) {
		f.collectGarbage(tb, callers)
		runtime.ReadMemStats(&before)
		if err := f.channels[i].send(tb.Context(), callers, rpcs/callers); err != nil {
			tb.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		times[i] = float64(after.Mallocs-before.Mallocs) / rpcs
		bytes[i] = float64(after.TotalAlloc-before.TotalAlloc) / rpcs
	}
	return times, bytes
}

// collectGarbage also fills the pools again that the collector empties.
func (f *fixture) collectGarbage(tb testing.TB, callers int) {
	tb.Helper()
	runtime.GC()
	for _, i := range rand.Perm(len(f.channels)) {
		if err := f.channels[i].send(tb.Context(), callers, 10); err != nil {
			tb.Fatal(err)
		}
	}
}
