package comparison_test

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
)

// allocations returns the process's allocations per RPC of each variant: their number
// and their bytes. The variants do not take turns here, because Go counts allocations
// only for the whole process.
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

// collectGarbage collects garbage, then refills the pools that the collector emptied.
func (f *fixture) collectGarbage(tb testing.TB, callers int) {
	tb.Helper()
	runtime.GC()
	for _, i := range rand.Perm(len(f.channels)) {
		if err := f.channels[i].send(tb.Context(), callers, 10); err != nil {
			tb.Fatal(err)
		}
	}
}
