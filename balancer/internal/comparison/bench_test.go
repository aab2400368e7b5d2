package comparison_test

import (
	"runtime"
	"testing"
)

// fixtures is the number of fixtures in one comparison. Two channels of the same
// variant differ a little for as long as they exist, for example by where their memory
// is, so one fixture is not enough.
const fixtures = 20

// BenchmarkSerial has one caller, so that only the client or a server is busy at any
// time. They share one processor: waking another one takes longer than the differences
// measured here, and the time varies.
func BenchmarkSerial(b *testing.B) {
	compare(b, load{procs: 1, callers: 1, rounds: 5000})
}

// BenchmarkConcurrent has callers on all processors. They share a channel, and so its
// counters.
func BenchmarkConcurrent(b *testing.B) {
	compare(b, load{procs: runtime.NumCPU(), callers: 8, rounds: 800})
}

// compare benchmarks all variants together. Each iteration is one comparison. With
// -benchtime 3x the result comes from three times as many fixtures.
func compare(b *testing.B, l load) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(l.procs))
	var r report
	for b.Loop() {
		for range fixtures {
			f := newFixture(b)
			times := f.times(b, l)
			allocs, bytes := f.allocations(b, l.callers)
			for _, c := range f.channels {
				c.checkCounts(b)
			}
			f.close()
			r.add(times, allocs, bytes)
		}
	}
	r.metrics(b)
	tables = append(tables, r.table(b.Name(), l))
}
