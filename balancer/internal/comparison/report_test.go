package comparison_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
)

// report is the results of all fixtures, per variant.
type report [len(variants)]results

// results are the results of one variant. Each slice has one value per fixture.
type results struct {
	time        []float64 // ns per RPC
	addedTime   []float64 // ns per RPC, compared with the bare policy
	ratio       []float64 // of addedTime to that of the middleware
	addedAllocs []float64 // per RPC
	addedBytes  []float64 // per RPC
}

// add adds the results of one fixture.
func (r *report) add(times [][]float64, allocs, bytes []float64) {
	middleware := medianDifference(times[counters], times[bare])
	for i := range r {
		v, added := &r[i], medianDifference(times[i], times[bare])
		v.time = append(v.time, median(times[i]))
		v.addedTime = append(v.addedTime, added)
		v.ratio = append(v.ratio, added/middleware)
		v.addedAllocs = append(v.addedAllocs, allocs[i]-allocs[bare])
		v.addedBytes = append(v.addedBytes, bytes[i]-bytes[bare])
	}
}

// metrics reports the medians of the fixtures to a benchmark.
func (r *report) metrics(b *testing.B) {
	b.ReportMetric(0, "ns/op") // omits it: it is the time of the whole comparison
	for i, v := range r {
		name := variants[i].name
		b.ReportMetric(median(v.time), name+":ns/rpc")
		if i == bare {
			continue
		}
		b.ReportMetric(median(v.addedTime), name+":added-ns/rpc")
		b.ReportMetric(median(v.ratio), name+":of-middleware")
		b.ReportMetric(median(v.addedAllocs), name+":added-allocs/rpc")
	}
}

// table returns a table of the fixtures' medians, some with their 95 % confidence
// interval.
func (r *report) table(name string, l load) string {
	var s strings.Builder
	n := len(r[bare].time)
	fmt.Fprintf(&s, "%s: callers %d, GOMAXPROCS %d, RPCs per variant %d × %d; per RPC, [95 %% interval of the median]\n",
		name, l.callers, l.procs, n, l.callers*l.rounds)
	t := tabwriter.NewWriter(&s, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "VARIANT\tNS\tADDED NS\tOF MIDDLEWARE'S\tADDED ALLOCATIONS\tADDED BYTES")
	for i, v := range r {
		fmt.Fprintf(t, "%s\t%s", variants[i].name, number(median(v.time), 0))
		if i != bare {
			fmt.Fprintf(t, "\t%s\t%s\t%s\t%s", withInterval(v.addedTime, 0), withInterval(v.ratio, 2),
				number(median(v.addedAllocs), 1), number(median(v.addedBytes), 0))
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // writing to a strings.Builder does not fail
	return s.String()
}

func withInterval(values []float64, digits int) string {
	low, high := interval(values)
	return fmt.Sprintf("%s [%s, %s]", number(median(values), digits), number(low, digits), number(high, digits))
}

// number formats v. It never writes a negative zero.
func number(v float64, digits int) string {
	scale := math.Pow10(digits)
	return strconv.FormatFloat(math.Round(v*scale)/scale+0, 'f', digits, 64)
}
