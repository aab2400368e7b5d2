package grpcinstruments_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

func TestSeriesStaysForTheRetentionAfterTheLastScope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet("test.cost", "test.level")
		first, second := set.NewScope(), set.NewScope()
		cost.Record(first.Tee(nowhere), 1, "a")
		cost.Record(second.Tee(nowhere), 1, "a")
		level.Record(first.Tee(nowhere), 7, "a")
		both := []string{"test_cost_seconds_total{grpc_target=a} 2", "test_level{grpc_target=a} 7"}

		time.Sleep(time.Hour) // a held series stays, even if nothing is recorded
		wantSeries(t, set, both...)
		first.Close()
		first.Close()
		time.Sleep(time.Minute - 1)
		wantSeries(t, set, both...)
		time.Sleep(1)
		wantSeries(t, set, both[0])
		second.Close()
		time.Sleep(time.Minute - 1)
		wantSeries(t, set, both[0])
		time.Sleep(1)
		wantSeries(t, set)
	})
}

func TestSeriesGoesOnWithinTheRetentionAndStartsAnewAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet("test.cost")
		one := func() {
			scope := set.NewScope()
			defer scope.Close()
			cost.Record(scope.Tee(nowhere), 1, "a")
		}
		one()
		time.Sleep(time.Minute - 1)
		one()
		time.Sleep(time.Minute - 1)
		wantSeries(t, set, "test_cost_seconds_total{grpc_target=a} 2")
		time.Sleep(1)
		wantSeries(t, set)
		one()
		wantSeries(t, set, "test_cost_seconds_total{grpc_target=a} 1")
	})
}

// A policy that is closed may record for a moment longer.
func TestRecordsAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet("test.cost")
		scope := set.NewScope()
		r := scope.Tee(nowhere)
		cost.Record(r, 1, "a")
		scope.Close()
		cost.Record(r, 1, "a")
		cost.Record(r, 1, "b") // nobody would hold it
		wantSeries(t, set, "test_cost_seconds_total{grpc_target=a} 2")
		time.Sleep(time.Minute)
		wantSeries(t, set)
		cost.Record(r, 1, "a")
		wantSeries(t, set)
	})
}

func TestAboveTheLimitRecordsCountAsOther(t *testing.T) {
	t.Parallel()
	set := grpcinstruments.New(grpcinstruments.Config{
		Names:          []string{"test.calls", "test.sizes", "test.level", "test.open", "test.ticks"},
		OptionalLabels: []string{"test.zone"}, MaxSeries: 2,
	})
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	for range 2 {
		for _, target := range []string{"a", "b", "c", "d"} {
			calls.Record(r, 1, target, "z", "")
			sizes.Record(r, 5, target)
			level.Record(r, 6, target)
			open.Record(r, 2, target)
		}
	}
	ticks.Record(r, 1) // the only series, and no other
	wantSeries(t, set,
		"test_calls_total{grpc_target=a,test_zone=z} 2",
		"test_calls_total{grpc_target=b,test_zone=z} 2",
		"test_calls_total{grpc_target=other,test_zone=other} 4",
		"test_level{grpc_target=a} 6",
		"test_level{grpc_target=b} 6",
		"test_open{grpc_target=a} 4",
		"test_open{grpc_target=b} 4",
		"test_open{grpc_target=other} 8",
		"test_sizes_bytes{grpc_target=a} 2/10",
		"test_sizes_bytes{grpc_target=b} 2/10",
		"test_sizes_bytes{grpc_target=other} 4/20",
		"test_ticks_total{} 1")
}

func TestWhatHasExpiredDoesNotUseTheLimitUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := grpcinstruments.New(grpcinstruments.Config{Names: []string{"test.cost"}, Retention: time.Minute, MaxSeries: 2})
		record := func(target string) *grpcinstruments.Scope {
			scope := set.NewScope()
			cost.Record(scope.Tee(nowhere), 1, target)
			return scope
		}
		defer record("a").Close()
		record("b").Close()
		time.Sleep(time.Minute - 1)
		defer record("c").Close()
		time.Sleep(1)
		defer record("d").Close()
		wantSeries(t, set,
			"test_cost_seconds_total{grpc_target=a} 1",
			"test_cost_seconds_total{grpc_target=d} 1",
			"test_cost_seconds_total{grpc_target=other} 1")
	})
}

// A channel that a policy opens and closes again and again leaves nothing behind,
// scraped or not.
func TestSeriesDoNotPileUpWhereNobodyScrapes(t *testing.T) {
	t.Parallel()
	set := grpcinstruments.New(grpcinstruments.Config{Names: []string{"test.cost"}, Retention: 0, MaxSeries: 10})
	for i := range 1000 {
		scope := set.NewScope()
		cost.Record(scope.Tee(nowhere), 1, fmt.Sprint(i))
		scope.Close()
	}
	wantSeries(t, set)
}

// A record whose labels are all "other" counts in the series for records above the
// limit, which stays.
func TestLabelsThatAreOtherThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := grpcinstruments.New(grpcinstruments.Config{Names: []string{"test.cost"}, MaxSeries: 1})
		first, second := set.NewScope(), set.NewScope()
		defer second.Close()
		cost.Record(first.Tee(nowhere), 1, "other")
		cost.Record(second.Tee(nowhere), 1, "a")
		cost.Record(second.Tee(nowhere), 1, "b")
		first.Close()
		want := []string{"test_cost_seconds_total{grpc_target=a} 1", "test_cost_seconds_total{grpc_target=other} 2"}
		wantSeries(t, set, want...)
		time.Sleep(time.Hour)
		wantSeries(t, set, want...)
	})
}

func TestEachSeriesExpiresAtItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet("test.cost")
		a, b := set.NewScope(), set.NewScope()
		cost.Record(a.Tee(nowhere), 1, "a")
		cost.Record(b.Tee(nowhere), 1, "b")
		a.Close()
		time.Sleep(10 * time.Second)
		b.Close()
		time.Sleep(50 * time.Second)
		wantSeries(t, set, "test_cost_seconds_total{grpc_target=b} 1")
		time.Sleep(10 * time.Second)
		wantSeries(t, set)
	})
}

func TestCloseLetsGoOfAllSeries(t *testing.T) {
	t.Parallel()
	set := grpcinstruments.New(grpcinstruments.Config{Names: []string{"test.cost"}, Retention: 0, MaxSeries: 100})
	scope := set.NewScope()
	r := scope.Tee(nowhere)
	for range 2 {
		for i := range 50 {
			cost.Record(r, 1, fmt.Sprint(i))
		}
	}
	if got := len(scrape(t, set)); got != 50 {
		t.Errorf("%d series, want 50", got)
	}
	scope.Close()
	wantSeries(t, set)
}
