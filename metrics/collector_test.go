package metrics_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
)

// busy gives m at least one series of each metric.
func busy(t *testing.T, m *metrics.Metrics) {
	t.Helper()
	s, cc, _ := metered(t, m)
	sc := s.connect(t, "a:1")
	s.publish(balancer.PickResult{SubConn: sc}, nil)
	cc.SubConn("a:1").Ready()
	cc.SetManualHealth(true)
	sc.RegisterHealthListener(func(balancer.SubConnState) {})
	cc.SubConn("a:1").SetHealth(failure, errors.New("sick"))
	for _, err := range []error{nil, nil, status.Error(codes.NotFound, "")} {
		if _, pickErr := cc.RPC(err); pickErr != nil {
			t.Fatalf("RPC: %v", pickErr)
		}
	}
}

func TestEveryMetricHasItsNameTypeAndLabels(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency())
	busy(t, m)
	type shape struct {
		Type   dto.MetricType
		Labels string
		Series int
	}
	const (
		perTarget  = "grpc_lb_policy grpc_target"
		perBackend = "grpc_lb_backend " + perTarget
	)
	want := map[string]shape{
		"grpc_lb_picks_total":                         {dto.MetricType_COUNTER, perBackend, 1},
		"grpc_lb_repicks_total":                       {dto.MetricType_COUNTER, perBackend, 1},
		"grpc_lb_rpc_attempts_total":                  {dto.MetricType_COUNTER, "grpc_lb_backend grpc_lb_policy grpc_status grpc_target", 2},
		"grpc_lb_rpc_attempts_failed_total":           {dto.MetricType_COUNTER, perBackend, 1},
		"grpc_lb_rpc_attempts_in_flight":              {dto.MetricType_GAUGE, perBackend, 1},
		"grpc_lb_rpc_attempt_duration_seconds":        {dto.MetricType_HISTOGRAM, perBackend, 1},
		"grpc_lb_connection_attempts_succeeded_total": {dto.MetricType_COUNTER, perBackend, 1},
		"grpc_lb_connection_attempts_failed_total":    {dto.MetricType_COUNTER, perBackend, 1},
		"grpc_lb_disconnections_total":                {dto.MetricType_COUNTER, perBackend, 1},
		"grpc_lb_ready_subchannels":                   {dto.MetricType_GAUGE, perBackend, 1},
		"grpc_lb_usable_subchannels":                  {dto.MetricType_GAUGE, perBackend, 1},
		"grpc_lb_unusable_subchannels":                {dto.MetricType_GAUGE, "grpc_lb_backend grpc_lb_policy grpc_lb_unusable_reason grpc_target", 1},
		"grpc_lb_subchannels":                         {dto.MetricType_GAUGE, "grpc_connectivity_state " + perTarget, 4},
		"grpc_lb_picks_delayed_total":                 {dto.MetricType_COUNTER, perTarget, 1},
		"grpc_lb_picks_failed_total":                  {dto.MetricType_COUNTER, perTarget, 1},
		"grpc_lb_rpc_attempts_waiting":                {dto.MetricType_GAUGE, perTarget, 1},
		"grpc_lb_pick_delay_duration_seconds":         {dto.MetricType_HISTOGRAM, "grpc_delay_type " + perTarget, 1},
		"grpc_lb_folded_subchannels_total":            {dto.MetricType_COUNTER, perTarget, 1},
		"grpc_lb_picker_updates_total":                {dto.MetricType_COUNTER, perTarget, 1},
		"grpc_lb_resolver_updates_total":              {dto.MetricType_COUNTER, "grpc_lb_policy grpc_lb_result grpc_target", 3},
		"grpc_lb_connect_duration_seconds":            {dto.MetricType_HISTOGRAM, perTarget, 1},
		"grpc_lb_policy_instances":                    {dto.MetricType_GAUGE, perTarget, 1},
	}
	got := make(map[string]shape)
	for _, family := range gatherFamilies(t, m) {
		for _, metric := range family.Metric {
			var labels []string
			for _, l := range metric.Label {
				labels = append(labels, l.GetName())
			}
			got[family.GetName()] = shape{family.GetType(), strings.Join(labels, " "), len(family.Metric)}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The labels of a sample are sorted by name even before a registry sorts them.
func TestSamplesHaveTheirLabelsInOrder(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]metrics.Option{
		nil,
		{metrics.WithBackendLabel("zone", zone), metrics.WithBackendLabel("Az", zone), metrics.WithBackendLabel("grpc_lb_c", zone)},
	} {
		m := metrics.New(append(opts, metrics.WithLatency())...)
		busy(t, m)
		samples := make(chan prometheus.Metric)
		go func() {
			defer close(samples)
			m.Collect(samples)
		}()
		byName := func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) }
		for sample := range samples {
			var got dto.Metric
			if err := sample.Write(&got); err != nil {
				t.Errorf("%v: write: %v", sample.Desc(), err)
			}
			if !slices.IsSortedFunc(got.Label, byName) {
				t.Errorf("%v has the labels %v, want them sorted by name", sample.Desc(), got.Label)
			}
		}
	}
}

func TestUnitsAreDeclared(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency())
	busy(t, m)
	for _, family := range gatherFamilies(t, m) {
		want := ""
		if strings.HasSuffix(family.GetName(), "_seconds") {
			want = "seconds"
		}
		if got := family.GetUnit(); got != want {
			t.Errorf("%s has the unit %q, want %q", family.GetName(), got, want)
		}
	}
}

// Series that are used in rates exist from the start, with the value 0. Series of
// rare events do not.
func TestSeriesOfABackendWithoutRPCs(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency())
	s, _, _ := metered(t, m)
	s.connect(t, "a:1")
	var got []string
	for _, p := range scrape(t, m).of(func(p point) bool { return p.backend != "" }) {
		got = append(got, strings.TrimSpace(p.name+" "+p.extra))
		if p.value != 0 {
			t.Errorf("%v, want 0", p)
		}
	}
	want := []string{
		"connection_attempts_failed_total", "connection_attempts_succeeded_total", "disconnections_total",
		"picks_total", "ready_subchannels", "repicks_total",
		"rpc_attempts_failed_total", "rpc_attempts_in_flight", "rpc_attempts_total OK",
		"usable_subchannels",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLintFindsNothing(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithLatency())
	busy(t, m)
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(m)
	problems, err := testutil.GatherAndLint(r)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v, want nothing", problems, err)
	}
}

func TestCountersCarryTheirCreationTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, _, _ := metered(t, m)
		targetMade := time.Now()
		time.Sleep(time.Hour)
		s.connect(t, "a:1")
		backendMade := time.Now()
		time.Sleep(time.Hour)
		for _, family := range gatherFamilies(t, m) {
			for _, metric := range family.Metric {
				if metric.Counter == nil {
					continue
				}
				want := targetMade
				if newPoint("", metric).backend != "" {
					want = backendMade
				}
				if got := metric.Counter.CreatedTimestamp.AsTime(); !got.Equal(want) {
					t.Errorf("%s was created at %v, want %v", family.GetName(), got, want)
				}
			}
		}
	})
}

func TestScrapeThroughHTTP(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	busy(t, m)
	r := prometheus.NewRegistry()
	r.MustRegister(m)
	server := httptest.NewServer(promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	defer server.Close()
	const labels = `{grpc_lb_backend="a:1",grpc_lb_policy="stub",grpc_target="test:///balancertest"}`
	tests := []struct {
		name, accept string
		want         []string
	}{
		{"text", "text/plain", []string{
			"# TYPE grpc_lb_picks_total counter\n",
			"grpc_lb_picks_total" + labels + " 3\n",
			`grpc_lb_rpc_attempts_total{grpc_lb_backend="a:1",grpc_lb_policy="stub",grpc_status="NOT_FOUND",grpc_target="test:///balancertest"}` + " 1\n",
			`grpc_lb_rpc_attempts_total{grpc_lb_backend="a:1",grpc_lb_policy="stub",grpc_status="OK",grpc_target="test:///balancertest"}` + " 2\n",
			"grpc_lb_rpc_attempts_failed_total" + labels + " 1\n",
			"grpc_lb_rpc_attempts_in_flight" + labels + " 0\n",
		}},
		{"OpenMetrics", "application/openmetrics-text;version=1.0.0", []string{
			"# TYPE grpc_lb_picks counter\n",
			"grpc_lb_picks_total" + labels + " 3.0\n",
			"# EOF\n",
		}},
	}
	for _, tt := range tests {
		body := pagetest.Get(t, server.URL, tt.accept)
		for _, want := range tt.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %q in:\n%s", tt.name, want, body)
			}
		}
	}
}
