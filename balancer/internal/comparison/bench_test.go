package comparison_test

import (
	"runtime"
	"testing"
)

// fixtures is how many one comparison has. Two channels of one variant differ a
// little for as long as they exist, by where their memory is and the like.
const fixtures = 20

// BenchmarkSerial has one caller, so that either the client or a server has
// something to do. They share one processor: to wake another one takes longer
// than all that is compared here, and never the same time.
func BenchmarkSerial(b *testing.B) {
	compare(b, load{procs: 1, callers: 1, rounds: 5000})
}

// BenchmarkConcurrent has callers on all processors that share a channel, and
// with it what meters it.
func BenchmarkConcurrent(b *testing.B) {
	compare(b, load{procs: runtime.NumCPU(), callers: 8, rounds: 800})
}

// compare is one benchmark of all variants: an iteration is a comparison. With
// -benchtime 3x there are three times as many fixtures, for one result.
func compare(b *testing.B, l load) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(l.procs))
	var r report
	for b.Loop() {
		for range fixtures {
			f := newFixture(b)
			times := f.times(b, l)
			allocs, bytes := f.allocations(b, l.callers)
			for _, c := range f.channels {
				c.wantCounted(b)
			}
			f.close()
			r.add(times, allocs, bytes)
		}
	}
	r.metrics(b)
	tables = append(tables, r.table(b.Name(), l))
}
