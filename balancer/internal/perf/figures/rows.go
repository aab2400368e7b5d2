package main

import (
	"errors"
	"fmt"
)

// row is a row of the table.
type row struct {
	what  string
	bound string // what the project wants it to be

	benchmarks
	now func(*results) (string, error) // what the medians say
}

const (
	perf    = "./balancer/internal/perf"
	metrics = "./metrics"
)

// rows are all rows.
var rows = []row{
	{
		what: "pick and Done, 3 endpoints, of `round_robin`'s", bound: "2.5",
		benchmarks: benchmarks{pkg: perf, bench: "Pick/round_robin2/3$/serial$", time: "100x"},
		now:        ratio("Pick/round_robin2/3/serial"),
	},
	{
		what: "the same, 10,000 endpoints that became READY in random order", bound: "3.5",
		benchmarks: benchmarks{pkg: perf, bench: "Pick/round_robin2/10000$/serial$", time: "100x"},
		now:        ratio("Pick/round_robin2/10000/serial"),
	},
	{
		what: "on two cores at once, 3 endpoints", bound: "2.5",
		benchmarks: benchmarks{pkg: perf, bench: "Pick/round_robin2/3$/parallel/workers=2$", time: "30x"},
		now:        ratio("Pick/round_robin2/3/parallel/workers=2"),
	},
	{
		what: "on two cores at once, 10,000 endpoints", bound: "3",
		benchmarks: benchmarks{pkg: perf, bench: "Pick/round_robin2/10000$/parallel/workers=2$", time: "30x"},
		now:        ratio("Pick/round_robin2/10000/parallel/workers=2"),
	},
	{
		what: "pick and Done with latency, 3 endpoints", bound: "80 ns; allocations: 0",
		benchmarks: benchmarks{pkg: metrics, bench: "PickDone/3$/metered_with_latency/serial", time: "1s"},
		now:        values("%.0f ns; allocations: %.0f", of("PickDone/3/metered_with_latency/serial", "ns/op"), of("PickDone/3/metered_with_latency/serial", "allocs/op")),
	},
	{
		what:       "two readings of the clock, which are part of it",
		benchmarks: benchmarks{pkg: metrics, bench: "TwoReadingsOfTheClock", time: "1s"},
		now:        values("%.0f ns", of("TwoReadingsOfTheClock", "ns/op")),
	},
	{
		what: "pick and Done with latency, 10,000 endpoints in random order", bound: "200 ns",
		benchmarks: benchmarks{pkg: metrics, bench: "PickDone/10000_in_random_order/metered_with_latency/serial", time: "1s"},
		now:        values("%.0f ns", of("PickDone/10000_in_random_order/metered_with_latency/serial", "ns/op")),
	},
	{
		what: "a whole RPC with latency, what it adds, of what go-grpc-middleware with its histogram adds", bound: "0.3",
		benchmarks: benchmarks{dir: "balancer/internal/comparison", pkg: ".", bench: "Serial", time: "1x"},
		now:        addedRatio("Serial", "round_robin2_latency", "middleware_histogram"),
	},
	{
		what: "the same with eight callers on two cores", bound: "0.4",
		benchmarks: benchmarks{dir: "balancer/internal/comparison", pkg: ".", bench: "Concurrent", time: "1x"},
		now:        addedRatio("Concurrent", "round_robin2_latency", "middleware_histogram"),
	},
	{
		what: "a pick that fails, beyond the policy's own", bound: "0.3 µs; allocations: 1",
		benchmarks: benchmarks{pkg: metrics, bench: "PickThatWaits/failed/(bare|metered),_ends", time: "1s"},
		now:        beyond("PickThatWaits/failed/metered,_ends", "PickThatWaits/failed/bare,_ends"),
	},
	{
		what: "a pick that is queued, with its end, beyond its context", bound: "0.6 µs; allocations: 1",
		benchmarks: benchmarks{pkg: metrics, bench: "PickThatWaits/queued/(the_context_alone|metered,_ends)", time: "1s"},
		now:        beyond("PickThatWaits/queued/metered,_ends", "PickThatWaits/queued/the_context_alone"),
	},
	{
		what: "a wait that ends with a pick, beyond the policy's own", bound: "1 µs",
		benchmarks: benchmarks{pkg: metrics, bench: "PickThatWaits/queued/(bare|metered),_is_picked", time: "1s"},
		now:        beyond("PickThatWaits/queued/metered,_is_picked", "PickThatWaits/queued/bare,_is_picked"),
	},
	{
		what: "a scrape of 10,000 backends, of the same series in client_golang's vectors: registered", bound: "0.4",
		benchmarks: benchmarks{pkg: metrics, bench: "Scrape$", time: "12x"},
		now:        scrape("registry"),
	},
	{
		what: "the same, gathered beside a registry", bound: "0.2",
		benchmarks: benchmarks{pkg: metrics, bench: "Scrape$", time: "12x"},
		now:        scrape("gatherers"),
	},
	{
		what: "start-up of 100,000 endpoints", bound: "1.5 s",
		benchmarks: benchmarks{pkg: perf, bench: "Large/start-up", time: "3x"},
		now:        values("%.2f s", scaled(1e9, "Large/start-up", "ns/ours")),
	},
	{
		what: "pick and Done among 100,000 in random order", bound: "100 ns",
		benchmarks: benchmarks{pkg: perf, bench: "Large/running/pick", time: "50x"},
		now:        values("%.0f ns", of("Large/running/pick", "ns/ours")),
	},
	{
		what: "one flap among 100,000", bound: "5 ms",
		benchmarks: benchmarks{pkg: perf, bench: "Large/running/flap_one", time: "20x"},
		now:        values("%.1f ms", scaled(1e6, "Large/running/flap_one", "ns/ours")),
	},
	{
		what: "a resolver update that changes none of 100,000", bound: "15 ms",
		benchmarks: benchmarks{pkg: perf, bench: "Large/running/update_none", time: "20x"},
		now:        values("%.1f ms", scaled(1e6, "Large/running/update_none", "ns/ours")),
	},
	{
		what: "memory per endpoint, of `round_robin`'s", bound: "0.45",
		benchmarks: benchmarks{pkg: perf, bench: "Memory/round_robin2/4000", time: "3x"},
		now:        values("%.2f (%.0f bytes)", of("Memory/round_robin2/4000", "ratio"), of("Memory/round_robin2/4000", "B/ours")),
	},
	{
		what: "all of 1,000 endpoints replaced by an update, of `round_robin`'s", bound: "0.5",
		benchmarks: benchmarks{pkg: perf, bench: "Update/round_robin2/1000$/all", time: "20x"},
		now:        ratio("Update/round_robin2/1000/all"),
	},
}

// value is one number of a row.
type value func(*results) (float64, error)

// of returns the median of a benchmark's values with the unit.
func of(benchmark, unit string) value {
	return func(r *results) (float64, error) { return r.median(benchmark, unit) }
}

// scaled returns of divided by the scale.
func scaled(scale float64, benchmark, unit string) value {
	return func(r *results) (float64, error) {
		v, err := r.median(benchmark, unit)
		return v / scale, err
	}
}

// values formats numbers.
func values(format string, all ...value) func(*results) (string, error) {
	return func(r *results) (string, error) {
		numbers := make([]any, len(all))
		for i, v := range all {
			n, err := v(r)
			if err != nil {
				return "", err
			}
			numbers[i] = n
		}
		return fmt.Sprintf(format, numbers...), nil
	}
}

// duration formats nanoseconds.
func duration(ns float64) string {
	for _, unit := range []struct {
		name string
		ns   float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if ns >= unit.ns {
			return fmt.Sprintf("%.3g %s", ns/unit.ns, unit.name)
		}
	}
	return fmt.Sprintf("%.3g ns", ns)
}

// ratio says how the policy compares with grpc-go's.
func ratio(benchmark string) func(*results) (string, error) {
	return func(r *results) (string, error) {
		part, err := r.median(benchmark, "ratio")
		ours, oursErr := r.median(benchmark, "ns/ours")
		theirs, theirsErr := r.median(benchmark, "ns/grpc-go")
		return fmt.Sprintf("%.2f (%s of %s)", part, duration(ours), duration(theirs)), errors.Join(err, oursErr, theirsErr)
	}
}

// scrape says how a way to scrape compares with client_golang's vectors.
func scrape(way string) func(*results) (string, error) {
	return values("%.2f (%.0f of %.0f ms)", of("Scrape", "ratio/"+way), of("Scrape", "ms/"+way), of("Scrape", "ms/vectors"))
}

// beyond says what the one benchmark takes longer than the other, and what it allocates
// in addition.
func beyond(metered, bare string) func(*results) (string, error) {
	difference := func(unit string, scale float64) value {
		return func(r *results) (float64, error) {
			with, err := r.median(metered, unit)
			if err != nil {
				return 0, err
			}
			without, err := r.median(bare, unit)
			return (with - without) / scale, err
		}
	}
	return values("%.2f µs; allocations: %.0f", difference("ns/op", 1000), difference("allocs/op", 1))
}

// addedRatio says what one variant of the comparison adds to an RPC, of what another adds.
func addedRatio(benchmark, ours, theirs string) func(*results) (string, error) {
	const unit = ":added-ns/rpc"
	return func(r *results) (string, error) {
		a, err := r.median(benchmark, ours+unit)
		if err != nil {
			return "", err
		}
		b, err := r.median(benchmark, theirs+unit)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%.2f (%.2f of %.2f µs)", a/b, a/1000, b/1000), nil
	}
}
