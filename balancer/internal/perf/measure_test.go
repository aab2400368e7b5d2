package perf_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// cost is what a job took.
type cost struct {
	time, bytes, pickers float64 // nanoseconds; allocated; published
}

// job does something and returns its cost. Preparing and cleaning up are not part
// of the cost.
type job func() cost

// measured returns the cost of do.
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

// compare runs the jobs of grpc-go's policy and of ours in turn, so that whatever
// else the machine does hits both. It reports the medians per operation, of which
// a run has n, and the ratio of ours to grpc-go's. If builtin is nil, it measures
// ours alone.
func compare(b *testing.B, n int, builtin, ours job) {
	b.Helper()
	var theirCosts, ourCosts []cost
	for b.Loop() {
		if builtin != nil {
			theirCosts = append(theirCosts, builtin())
		}
		ourCosts = append(ourCosts, ours())
	}
	b.ReportMetric(0, "ns/op") // it would be that of both together
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
