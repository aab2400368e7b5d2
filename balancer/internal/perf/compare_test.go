package perf_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// cost is what something took.
type cost struct {
	time, bytes, pickers float64 // nanoseconds; allocated; published
}

// job is something to be measured. It returns what it took, so that it can
// prepare itself and clean up without being measured for it.
type job func() cost

// measured tells what f takes.
func (f *fleet) measured(do func()) cost {
	var before, after runtime.MemStats
	pickers := len(f.cc.States())
	runtime.ReadMemStats(&before)
	start := time.Now()
	do()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return cost{
		time:    float64(took.Nanoseconds()),
		bytes:   float64(after.TotalAlloc - before.TotalAlloc),
		pickers: float64(len(f.cc.States()) - pickers),
	}
}

func (c cost) plus(d cost) cost {
	return cost{c.time + d.time, c.bytes + d.bytes, c.pickers + d.pickers}
}

// compare runs grpc-go's policy and ours by turns, so that whatever else the
// machine does hits both alike, and reports the medians, and ours divided by
// grpc-go's. Each run counts as n operations. Without a job for grpc-go's, ours
// is measured alone.
func compare(b *testing.B, n int, builtin, ours job) {
	b.Helper()
	var theirCosts, ourCosts []cost
	for b.Loop() {
		if builtin != nil {
			theirCosts = append(theirCosts, builtin())
		}
		ourCosts = append(ourCosts, ours())
	}
	b.ReportMetric(0, "ns/op") // of both together: it says nothing
	for _, unit := range []struct {
		name, ratio string
		of          func(cost) float64
	}{
		{"ns", "ratio", func(c cost) float64 { return c.time }},
		{"B", "B-ratio", func(c cost) float64 { return c.bytes }},
		{"pickers", "", func(c cost) float64 { return c.pickers }},
	} {
		ours := median(ourCosts, unit.of) / float64(n)
		b.ReportMetric(ours, unit.name+"/ours")
		if builtin == nil {
			continue
		}
		theirs := median(theirCosts, unit.of) / float64(n)
		b.ReportMetric(theirs, unit.name+"/grpc-go")
		if theirs > 0 && unit.ratio != "" {
			b.ReportMetric(ours/theirs, unit.ratio)
		}
	}
}

func median[T any](all []T, of func(T) float64) float64 {
	xs := make([]float64, len(all))
	for i, x := range all {
		xs[i] = of(x)
	}
	slices.Sort(xs)
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}
