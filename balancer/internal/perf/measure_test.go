package perf_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// cost is the cost of a job.
type cost struct {
	time    float64 // nanoseconds
	bytes   float64 // allocated
	pickers float64 // reported
}

// job does something and returns its cost, without that of preparing and cleaning up.
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

// measuredInBubble returns the cost of do: the least bytes of three runs, because the
// runtime and the fakes allocate something of their own now and then, and the most
// pickers. Connections live for long enough in between that the policy does not pause.
func (f *fleet) measuredInBubble(do func()) cost {
	c := f.measured(do)
	for range 2 {
		time.Sleep(time.Minute)
		again := f.measured(do)
		c.bytes, c.pickers = min(c.bytes, again.bytes), max(c.pickers, again.pickers)
	}
	return c
}

func (c cost) plus(d cost) cost {
	return cost{time: c.time + d.time, bytes: c.bytes + d.bytes, pickers: c.pickers + d.pickers}
}

// compare runs the jobs of grpc-go's policy and of ours in turn, so that other load on
// the machine affects both. A run has n operations. compare reports the medians per
// operation, and the ratio of ours to grpc-go's. If builtin is nil, it measures only
// ours.
func compare(b *testing.B, n int, builtin, ours job) {
	b.Helper()
	compareNamed(b, n, "grpc-go", builtin, "ours", ours)
}

// compareNamed is compare for jobs of two policies of ours, with names for them.
func compareNamed(b *testing.B, n int, theirName string, builtin job, ourName string, ours job) {
	b.Helper()
	var theirCosts, ourCosts []cost
	for b.Loop() {
		if builtin != nil {
			theirCosts = append(theirCosts, builtin())
		}
		ourCosts = append(ourCosts, ours())
	}
	b.ReportMetric(0, "ns/op") // omits it: it would be the sum of both
	for _, unit := range []struct {
		name, ratio string
		of          func(cost) float64
	}{
		{"ns", "ratio", func(c cost) float64 { return c.time }},
		{"B", "B-ratio", func(c cost) float64 { return c.bytes }},
		{"pickers", "", func(c cost) float64 { return c.pickers }},
	} {
		ours := median(ourCosts, unit.of) / float64(n)
		b.ReportMetric(ours, unit.name+"/"+ourName)
		if builtin == nil {
			continue
		}
		theirs := median(theirCosts, unit.of) / float64(n)
		b.ReportMetric(theirs, unit.name+"/"+theirName)
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
