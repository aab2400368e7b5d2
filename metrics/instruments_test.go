package metrics_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"
	estats "google.golang.org/grpc/experimental/stats"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

var (
	turns = estats.RegisterInt64Count(estats.MetricDescriptor{
		Name: "metricstest.turns", Description: "Turns.", Unit: "{turn}",
		Labels: []string{"grpc.target"}, OptionalLabels: []string{"grpc.lb.locality"},
	})
	depth = estats.RegisterInt64AsyncGauge(estats.MetricDescriptor{
		Name: "metricstest.depth", Description: "Depth.", Labels: []string{"grpc.target"},
	})
	// picks would be a metric of the decorator's own.
	picks = estats.RegisterInt64Count(estats.MetricDescriptor{Name: "grpc.lb.picks", Description: "Picks."})
)

// ownRecorder is gRPC's.
type ownRecorder struct {
	estats.UnimplementedMetricsRecorder
	turns int64
}

func (r *ownRecorder) RecordInt64Count(_ *estats.Int64CountHandle, v int64, _ ...string) {
	r.turns += v
}

// recorderConn is a channel with a recorder of its own.
type recorderConn struct {
	balancer.ClientConn
	recorder estats.MetricsRecorder
}

func (c *recorderConn) MetricsRecorder() estats.MetricsRecorder { return c.recorder }

// buildRecording builds a stub, metered, on a channel with its own recorder.
func buildRecording(tb testing.TB, m *metrics.Metrics) (*stub, *ownRecorder, balancer.Balancer) {
	tb.Helper()
	s, r := &stub{}, &ownRecorder{}
	cc := &recorderConn{balancertest.NewClientConn(tb), r}
	return s, r, m.Instrument(s).Build(cc, balancer.BuildOptions{})
}

func TestGRPCInstrumentsAreExported(t *testing.T) {
	t.Parallel()
	m := metrics.New(
		metrics.WithGRPCInstruments("metricstest.turns"),
		metrics.WithGRPCInstruments("metricstest.depth"),
		metrics.WithGRPCLabels("grpc.lb.locality"))
	s, own, p := buildRecording(t, m)
	defer p.Close()
	turns.Record(s.cc.MetricsRecorder(), 2, "dns:///a", "zone 1")
	turns.Record(s.cc.MetricsRecorder(), 3, "dns:///a", "zone 1")
	s.cc.MetricsRecorder().RegisterAsyncReporter(estats.AsyncMetricReporterFunc(func(r estats.AsyncMetricsRecorder) error {
		depth.Record(r, 7, "dns:///a")
		return nil
	}), depth)

	got := scrape(t, m).ofTarget("dns:///a")
	want := points{
		{name: "metricstest_depth", target: "dns:///a", value: 7},
		{name: "metricstest_turns_total", target: "dns:///a", extra: "zone 1", value: 5},
	}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("series %v, want %v", got, want)
	}
	if own.turns != 5 {
		t.Errorf("gRPC's recorder got %d turns, want 5", own.turns)
	}
}

func TestGRPCInstrumentsAreNotExportedUnlessAsked(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithGRPCLabels("grpc.lb.locality"))
	s, own, p := buildRecording(t, m)
	defer p.Close()
	turns.Record(s.cc.MetricsRecorder(), 2, "dns:///a", "")
	if own.turns != 2 {
		t.Errorf("gRPC's recorder got %d turns, want 2", own.turns)
	}
	if got := scrape(t, m).ofTarget("dns:///a"); len(got) > 0 {
		t.Errorf("series %v, want none", got)
	}
}

func TestGRPCInstrumentsStayForTheRetention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithGRPCInstruments("metricstest.turns"), metrics.WithRetention(time.Minute))
		s, _, p := buildRecording(t, m)
		turns.Record(s.cc.MetricsRecorder(), 1, "dns:///a", "")
		time.Sleep(time.Hour)
		p.Close()
		time.Sleep(time.Minute - 1)
		if got := scrape(t, m).sum("metricstest_turns_total"); got != 1 {
			t.Errorf("turns = %v within the retention, want 1", got)
		}
		time.Sleep(1)
		if got := scrape(t, m); len(got) > 0 {
			t.Errorf("series after the retention: %v, want none", got)
		}
	})
}

// Where a policy is inside another and m meters both, gRPC's recorder and m get
// each record once.
func TestGRPCInstrumentsOfAPolicyInsideAnother(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithGRPCInstruments("metricstest.turns"))
	outer, own, p := buildRecording(t, m)
	defer p.Close()
	inner := &stub{}
	child := m.InstrumentAs("inner", inner).Build(outer.cc, balancer.BuildOptions{})
	defer child.Close()
	turns.Record(inner.cc.MetricsRecorder(), 1, "dns:///a", "")
	turns.Record(outer.cc.MetricsRecorder(), 1, "dns:///a", "")
	if got := scrape(t, m).sum("metricstest_turns_total"); got != 2 || own.turns != 2 {
		t.Errorf("turns = %v, and %d in gRPC's recorder, want 2", got, own.turns)
	}
}

// What would break scrapes fails when the Metrics is registered.
func TestNameOfAGRPCInstrumentThatIsTaken(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	r.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "metricstest_turns_total", Help: "Mine."}))
	err := r.Register(metrics.New(metrics.WithGRPCInstruments("metricstest.turns")))
	if err == nil || !strings.Contains(err.Error(), "metricstest_turns_total") {
		t.Errorf("register beside a counter of that name: %v, want an error with the name", err)
	}
	err = prometheus.NewRegistry().Register(metrics.New(metrics.WithGRPCInstruments(picks.Name)))
	if err == nil || !strings.Contains(err.Error(), "grpc_lb_picks_total") {
		t.Errorf("register with an instrument named as one of the decorator's own: %v, want an error with the name", err)
	}
}
