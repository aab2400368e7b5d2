package grpcinstruments_test

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

var all = []string{
	"test.calls", "test.cost", "test.sizes", "test.waits", "test.level", "test.open", "test.depth", "test.width",
}

func TestEachTypeOfInstrument(t *testing.T) {
	t.Parallel()
	set := newSet(all...)
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	calls.Record(r, 2, "a", "zone", "rack")
	calls.Record(r, 3, "a", "other zone", "rack")
	calls.Record(r, 1, "b", "zone", "rack")
	cost.Record(r, .5, "a")
	cost.Record(r, .25, "a")
	sizes.Record(r, 10, "a")
	sizes.Record(r, 11, "a")
	sizes.Record(r, 21, "a")
	waits.Record(r, 7.5, "a")
	level.Record(r, 9, "a")
	level.Record(r, 4, "a")
	open.Record(r, 3, "a")
	open.Record(r, -1, "a")
	wantSeries(t, set,
		"test_calls_total{grpc_target=a} 5",
		"test_calls_total{grpc_target=b} 1",
		"test_cost_seconds_total{grpc_target=a} 0.75",
		"test_level{grpc_target=a} 4",
		"test_open{grpc_target=a} 2",
		"test_sizes_bytes{grpc_target=a} 3/42",
		"test_waits_seconds{grpc_target=a} 1/7.5")

	buckets := map[string]map[float64]uint64{}
	for _, name := range []string{"test_sizes_bytes", "test_waits_seconds"} {
		buckets[name] = map[float64]uint64{}
		for _, b := range gather(t, set)[name].Metric[0].Histogram.Bucket {
			buckets[name][b.GetUpperBound()] = b.GetCumulativeCount()
		}
	}
	want := map[string]map[float64]uint64{
		"test_sizes_bytes": {10: 1, 20: 2},
		"test_waits_seconds": {
			0: 0, 5: 0, 10: 1, 25: 1, 50: 1, 75: 1, 100: 1, 250: 1, 500: 1, 750: 1, 1000: 1, 2500: 1, 5000: 1, 7500: 1, 10000: 1,
		},
	}
	if diff := cmp.Diff(want, buckets); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
}

func TestLinterFindsNothing(t *testing.T) {
	t.Parallel()
	set := newSet(all...)
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	calls.Record(r, 1, "a", "", "")
	cost.Record(r, 1, "a")
	sizes.Record(r, 1, "a")
	level.Record(r, 1, "a")
	problems, err := testutil.CollectAndLint(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestOptionalLabelsThatWereAskedFor(t *testing.T) {
	t.Parallel()
	set := newSetWith([]string{"test.calls", "test.cost"}, "test.rack", "no.instrument.has.it")
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	calls.Record(r, 1, "a", "zone", "rack 1")
	calls.Record(r, 2, "a", "other zone", "rack 1")
	calls.Record(r, 4, "a", "zone", "rack 2")
	calls.Record(r, 8, "a", "zone", "")
	cost.Record(r, 1, "a")
	wantSeries(t, set,
		"test_calls_total{grpc_target=a,test_rack=} 8",
		"test_calls_total{grpc_target=a,test_rack=rack 1} 3",
		"test_calls_total{grpc_target=a,test_rack=rack 2} 4",
		"test_cost_seconds_total{grpc_target=a} 1")
}

func TestOnlyTheInstrumentsOfTheSet(t *testing.T) {
	t.Parallel()
	set := newSet("test.cost")
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	calls.Record(r, 1, "a", "", "")
	ticks.Record(r, 1)
	cost.Record(r, 1, "a")
	wantSeries(t, set, "test_cost_seconds_total{grpc_target=a} 1")
}

func TestWithoutNamesTheDefaultInstruments(t *testing.T) {
	t.Parallel()
	set := newSet()
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	calls.Record(r, 1, "a", "", "")
	ticks.Record(r, 1)
	ticks.Record(r, 1)
	wantSeries(t, set, "test_ticks_total{} 2")
}

// What no instrument may record does no harm: gRPC's recorder sees to the number
// of labels.
func TestRecordsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	set := newSet(all...)
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	cost.Record(r, 1, "a")
	cost.Record(r, -1, "a")
	cost.Record(r, math.NaN(), "a")
	cost.Record(r, 1)
	cost.Record(r, 1, "a", "b")
	wantSeries(t, set, "test_cost_seconds_total{grpc_target=a} 1")
}

func TestLabelValuesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	set := newSet("test.cost")
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	cost.Record(r, 1, "a\xff")
	cost.Record(r, 2, "a\xfe")
	wantSeries(t, set, "test_cost_seconds_total{grpc_target=a\uFFFD} 3")
}

// Two scopes are two channels to one target.
func TestScopesShareSeries(t *testing.T) {
	t.Parallel()
	set := newSet("test.cost")
	for range 2 {
		scope := set.NewScope()
		defer scope.Close()
		cost.Record(scope.Tee(nowhere), 1, "a")
	}
	wantSeries(t, set, "test_cost_seconds_total{grpc_target=a} 2")
}

func TestRecordsFromSeveralGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, targets, each = 4, 50, 20
	set := newSet("test.cost")
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	var recording sync.WaitGroup
	for range goroutines {
		recording.Go(func() {
			for i := range targets * each {
				cost.Record(r, 1, fmt.Sprint(i%targets))
			}
		})
	}
	recording.Go(func() { scrape(t, set) })
	recording.Wait()
	series := gather(t, set)["test_cost_seconds_total"].Metric
	if len(series) != targets {
		t.Errorf("%d series, want %d", len(series), targets)
	}
	for _, m := range series {
		if got := m.Counter.GetValue(); got != goroutines*each {
			t.Errorf("%s %v, want %d", labelsOf(m), got, goroutines*each)
		}
	}
}

// A record that is not the first of its series allocates nothing beyond what the
// caller spends on the labels.
func TestRecordAllocatesNothing(t *testing.T) {
	set := newSet(all...)
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	target, full := []string{"a"}, []string{"a", "zone", "rack"}
	for name, record := range map[string]func(){
		"counter":   func() { calls.Record(r, 1, full...) },
		"histogram": func() { waits.Record(r, 1, target...) },
		"gauge":     func() { level.Record(r, 1, target...) },
		"up-down":   func() { open.Record(r, 1, target...) },
		"not ours":  func() { ticks.Record(r, 1) },
	} {
		if n := testing.AllocsPerRun(100, record); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}
