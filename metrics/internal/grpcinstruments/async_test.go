package grpcinstruments_test

import (
	"errors"
	"testing"

	estats "google.golang.org/grpc/experimental/stats"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

// reportDepth reports depth, by target.
func reportDepth(values map[string]int64) estats.AsyncMetricReporter {
	return estats.AsyncMetricReporterFunc(func(r estats.AsyncMetricsRecorder) error {
		for target, v := range values {
			depth.Record(r, v, target)
		}
		return nil
	})
}

func TestAsyncValuesAreThoseOfTheScrape(t *testing.T) {
	t.Parallel()
	set := newSet("test.depth")
	scope := set.NewScope()
	defer scope.Close()
	values := map[string]int64{"a": 1, "b": 2}
	stop := scope.Tee(nowhere).RegisterAsyncReporter(reportDepth(values), depth)
	wantSeries(t, set, "test_depth{grpc_target=a} 1", "test_depth{grpc_target=b} 2")
	values["a"] = 3
	delete(values, "b")
	wantSeries(t, set, "test_depth{grpc_target=a} 3")
	stop()
	stop()
	wantSeries(t, set)
}

func TestCloseEndsReports(t *testing.T) {
	t.Parallel()
	set := newSet("test.depth")
	scope, other := set.NewScope(), set.NewScope()
	defer other.Close()
	r := scope.Tee(nowhere)
	r.RegisterAsyncReporter(reportDepth(map[string]int64{"a": 1}), depth)
	other.Tee(nowhere).RegisterAsyncReporter(reportDepth(map[string]int64{"b": 1}), depth)
	scope.Close()
	r.RegisterAsyncReporter(reportDepth(map[string]int64{"c": 1}), depth)()
	r.RegisterAsyncReporter(reportDepth(map[string]int64{"d": 1}), depth)
	wantSeries(t, set, "test_depth{grpc_target=b} 1")
}

// With two series of the same labels there would be no scrape at all.
func TestTwoReportersWithTheSameLabels(t *testing.T) {
	t.Parallel()
	set := newSet("test.depth")
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	r.RegisterAsyncReporter(reportDepth(map[string]int64{"a": 1, "b\xff": 2}), depth)
	r.RegisterAsyncReporter(reportDepth(map[string]int64{"a": 3, "b\xfe": 4}), depth)
	wantSeries(t, set, "test_depth{grpc_target=a} 3", "test_depth{grpc_target=b\uFFFD} 4")
}

// A reporter may report what it was registered for. The rest of a scrape does
// not suffer from its mistakes.
func TestReportsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	set := newSet("test.depth", "test.width", "test.cost", "test.calls")
	// Handles of other types than their instruments.
	asDepth := (*estats.Int64AsyncGaugeHandle)(calls)
	asCalls := (*estats.Int64CountHandle)(depth)
	scope := set.NewScope()
	defer scope.Close()
	r := scope.Tee(nowhere)
	cost.Record(r, 1, "a")
	asCalls.Record(r, 1, "a")
	stop := r.RegisterAsyncReporter(estats.AsyncMetricReporterFunc(func(r estats.AsyncMetricsRecorder) error {
		width.Record(r, 1, "a") // not registered
		asDepth.Record(r, 1, "a", "", "")
		depth.Record(r, 1)
		depth.Record(r, 1, "a", "b")
		depth.Record(r, 2, "a")
		return errors.New("no more")
	}), depth, asDepth)
	defer stop()
	wantSeries(t, set, "test_cost_seconds_total{grpc_target=a} 1", "test_depth{grpc_target=a} 2")
}

func TestAsyncValuesAboveTheLimitAreLeftOut(t *testing.T) {
	t.Parallel()
	set := grpcinstruments.New(grpcinstruments.Config{Names: []string{"test.depth"}, MaxSeries: 2})
	scope := set.NewScope()
	defer scope.Close()
	stop := scope.Tee(nowhere).RegisterAsyncReporter(estats.AsyncMetricReporterFunc(func(r estats.AsyncMetricsRecorder) error {
		for i, target := range []string{"a", "b", "c", "a"} {
			depth.Record(r, int64(i), target)
		}
		return nil
	}), depth)
	defer stop()
	wantSeries(t, set, "test_depth{grpc_target=a} 3", "test_depth{grpc_target=b} 1")
}
