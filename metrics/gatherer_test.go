package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// busyPolicy is a policy instance with some backends, all READY.
type busyPolicy struct {
	stub   *stub
	cc     *looseConn
	policy balancer.Balancer
	made   []balancer.SubConn
}

func newBusyPolicy(tb testing.TB, m *metrics.Metrics, policy, target string, backends int) *busyPolicy {
	tb.Helper()
	c := &busyPolicy{stub: &stub{}, cc: &looseConn{}}
	c.policy = m.InstrumentAs(policy, c.stub).Build(c.cc, balancer.BuildOptions{
		Target: resolver.Target{URL: url.URL{Scheme: "test", Path: "/" + target}},
	})
	for _, i := range rand.Perm(backends) {
		c.made = append(c.made, c.stub.connect(tb, fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255)))
	}
	for _, sc := range c.cc.made {
		sc.state(connecting, ready)
	}
	return c
}

// live gives all that a scrape can find some series with values, at random.
func (c *busyPolicy) live(tb testing.TB) {
	tb.Helper()
	for i, sc := range c.made {
		fake := c.cc.made[i]
		c.stub.publish(balancer.PickResult{SubConn: sc}, nil)
		for n := range rand.IntN(4) {
			res, err := c.cc.picker.Pick(balancer.PickInfo{Ctx: context.WithValue(tb.Context(), traceKey{}, prometheus.Labels{"trace_id": fmt.Sprint(n)})})
			if err != nil {
				tb.Fatalf("Pick: %v", err)
			}
			if n < 3 {
				res.Done(balancer.DoneInfo{Err: status.Error(codes.Code(rand.IntN(17)), ""), BytesSent: true, BytesReceived: true})
			}
		}
		switch rand.IntN(5) {
		case 0:
			fake.state(idle, connecting, failure)
		case 1:
			sc.RegisterHealthListener(func(balancer.SubConnState) {})
			fake.health[0](balancer.SubConnState{ConnectivityState: failure, ConnectionError: errSick})
		}
	}
	c.stub.publish(balancer.PickResult{}, errors.New("all down"))
	for range 3 {
		if _, err := c.cc.picker.Pick(balancer.PickInfo{Ctx: tb.Context()}); err == nil {
			tb.Fatal("Pick: no error, want one")
		}
	}
	c.policy.ResolverError(errors.New("no such host"))
}

func traced(ctx context.Context) prometheus.Labels {
	id, _ := ctx.Value(traceKey{}).(prometheus.Labels)
	return id
}

// zoneOf gives backends one of three zones, whose order is not that of the addresses.
func zoneOf(a resolver.Address) string { return fmt.Sprint("z", len(a.Addr)%3) }

// gatherings are options with which a scrape differs.
var gatherings = map[string][]metrics.Option{
	"default":     nil,
	"latency":     {metrics.WithLatency(), metrics.WithExemplars(traced)},
	"label after": {metrics.WithBackendLabel("zone", zoneOf)},
	"labels before and between": {
		metrics.WithLatency(), metrics.WithBackendLabel("zone", zone), metrics.WithBackendLabel("grpc_lb_c", zoneOf), metrics.WithBackendLabel("Az", zoneOf),
	},
	"folded backends": {metrics.WithMaxBackends(7)},
	"folded targets":  {metrics.WithMaxTargets(2), metrics.WithBackendLabel("az", zoneOf)},
	"instruments":     {metrics.WithGRPCInstruments("metricstest.turns", "metricstest.depth")},
}

// newBusy returns a Metrics with two targets under two policies.
func newBusy(tb testing.TB, opts ...metrics.Option) *metrics.Metrics {
	tb.Helper()
	m := metrics.New(opts...)
	for _, policy := range []string{"b", "a"} {
		for _, target := range []string{"y", "x"} {
			newBusyPolicy(tb, m, policy, target, 20).live(tb)
		}
	}
	s, _, _ := buildRecording(tb, m)
	turns.Record(s.cc.MetricsRecorder(), 2, "dns:///a", "zone 1")
	turns.Record(s.cc.MetricsRecorder(), 2, "dns:///b", "zone 1")
	s.cc.MetricsRecorder().RegisterAsyncReporter(estats.AsyncMetricReporterFunc(func(r estats.AsyncMetricsRecorder) error {
		depth.Record(r, 7, "dns:///a")
		return nil
	}), depth)
	return m
}

func mustGather(tb testing.TB, g prometheus.Gatherer) []*dto.MetricFamily {
	tb.Helper()
	families, err := g.Gather()
	if err != nil {
		tb.Errorf("gather: %v", err)
	}
	return families
}

// diff describes the first difference, because cmp.Diff of all families takes seconds.
func diff(want, got []*dto.MetricFamily) string {
	for i, f := range want {
		if i < len(got) && !proto.Equal(f, got[i]) {
			return cmp.Diff(f, got[i], protocmp.Transform())
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d families, want %d", len(got), len(want))
	}
	return ""
}

func TestGatherReturnsWhatARegistryReturns(t *testing.T) {
	t.Parallel()
	for name, opts := range gatherings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newBusy(t, opts...)
			want := gatherFamilies(t, m)
			if len(want) < 18 {
				t.Errorf("%d families, want more for a meaningful test", len(want))
			}
			if diff := diff(want, mustGather(t, m)); diff != "" {
				t.Errorf("(-registry +Gather):\n%s", diff)
			}
		})
	}
}

func TestGatherOfAMetricsWithoutSeriesReturnsNoFamilies(t *testing.T) {
	t.Parallel()
	for name, opts := range gatherings {
		if got := mustGather(t, metrics.New(opts...)); len(got) != 0 {
			t.Errorf("%s: %v, want none", name, got)
		}
	}
}

func TestWhatGatherHasReturnedStaysAsItIs(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency(), metrics.WithExemplars(traced))
	c := newBusyPolicy(t, m, "a", "x", 40)
	c.live(t)
	kept := mustGather(t, m)
	var before []*dto.MetricFamily
	for _, f := range kept {
		before = append(before, proto.Clone(f).(*dto.MetricFamily))
	}
	c.live(t)
	for _, f := range mustGather(t, m) { // which is somebody else's
		*f.Name, *f.Help, *f.Type = "", "", dto.MetricType_UNTYPED
		for _, sample := range f.Metric {
			sample.Label = append(sample.Label, &dto.LabelPair{})
		}
	}
	if diff := diff(before, kept); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if diff := diff(gatherFamilies(t, m), mustGather(t, m)); diff != "" {
		t.Errorf("after somebody has changed what Gather returned (-registry +Gather):\n%s", diff)
	}
}

func TestGatherDropsTheRecordsWhoseRetentionHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithRetention(time.Minute))
		c := newBusyPolicy(t, m, "a", "x", 2)
		c.made[0].Shutdown()
		time.Sleep(time.Minute)
		for _, f := range mustGather(t, m) {
			if f.GetName() == "grpc_lb_picks_total" && len(f.Metric) != 1 {
				t.Errorf("%v, want one series", f)
			}
		}
		c.made[1].Shutdown()
		c.policy.Close()
		time.Sleep(time.Minute)
		if got := mustGather(t, m); len(got) != 0 {
			t.Errorf("%v, want none", got)
		}
	})
}

func TestConcurrentGathersAgree(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency())
	c := newBusyPolicy(t, m, "a", "x", 5)
	stop := repeat(2, func() {
		mustGather(t, prometheus.Gatherers{m}) // which finds series that are there twice
		pointsOf(mustGather(t, m)).checkLaws(t)
		scrape(t, m).checkLaws(t)
	})
	for range 20 {
		c.live(t)
	}
	stop()
}

func TestGatherLeavesOutAnInstrumentWithTheNameOfAMetric(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithGRPCInstruments(picks.Name))
	s, _, _ := buildRecording(t, m)
	s.connect(t, "a:1")
	picks.Record(s.cc.MetricsRecorder(), 5)
	families, err := m.Gather()
	if err == nil || !strings.Contains(err.Error(), "grpc_lb_picks_total") {
		t.Errorf("gather: %v, want an error with the name", err)
	}
	if got := pointsOf(families).sum("picks_total"); got != 0 {
		t.Errorf("picks = %v, want 0, those of the decorator", got)
	}
}
