package realchannel_test

import (
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// TestTheMetricsSayWhatHappened compares /metrics with what the test has done.
func TestTheMetricsSayWhatHappened(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2)
	a, b := all[0], all[1]
	c := channeltest.Dial(t, roundrobin2.Name, all)
	c.Conn.Connect()
	for _, x := range all {
		c.Await(ctx, "grpc_lb_ready_subchannels "+x.Addr, 1)
	}
	const rpcs = 20
	for range rpcs {
		if _, err := c.Call(ctx); err != nil {
			t.Errorf("RPC: %v", err)
		}
	}
	got := c.SeriesIn(metricsPage(t))
	want := map[string]float64{
		"grpc_lb_picks_total " + a.Addr:                rpcs / 2,
		"grpc_lb_picks_total " + b.Addr:                rpcs / 2,
		"grpc_lb_repicks_total " + a.Addr:              0,
		"grpc_lb_rpc_attempts_total " + a.Addr + " OK": rpcs / 2,
		"grpc_lb_rpc_attempts_total " + b.Addr + " OK": rpcs / 2,
		"grpc_lb_rpc_attempts_in_flight " + a.Addr:     0,
		"grpc_lb_ready_subchannels " + a.Addr:          1,
		"grpc_lb_disconnections_total " + a.Addr:       0,
		"grpc_lb_subchannels READY":                    2,
		"grpc_lb_subchannels CONNECTING":               0,
		"grpc_lb_subchannels IDLE":                     0,
		"grpc_lb_subchannels TRANSIENT_FAILURE":        0,
		"grpc_lb_picks_failed_total":                   0,
		"grpc_lb_resolver_updates_total ok":            1,
		"grpc_lb_resolver_updates_total rejected":      0,
		"grpc_lb_resolver_updates_total error":         0,
		"grpc_lb_connect_duration_seconds":             2,
		"grpc_lb_policy_instances":                     1,
	}
	for _, x := range all {
		want["grpc_lb_connection_attempts_succeeded_total "+x.Addr] = 1
		want["grpc_lb_connection_attempts_failed_total "+x.Addr] = 0
	}
	for key, v := range want {
		if g, ok := got[key]; !ok || g != v {
			t.Errorf("%s = %v (exists: %v), want %v", key, g, ok, v)
		}
	}
	for _, key := range []string{"grpc_lb_picker_updates_total", "grpc_lb_picks_delayed_total"} {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is missing", key)
		}
	}

	a.Kill()
	c.Await(ctx, "grpc_lb_ready_subchannels "+a.Addr, 0)
	c.Await(ctx, "grpc_lb_disconnections_total "+a.Addr, 1)
	c.Update(resolver.State{})
	if got := c.Value("grpc_lb_resolver_updates_total rejected"); got < 1 {
		t.Errorf("rejected resolver updates: %v, want 1 or more", got)
	}
	_ = c.Conn.Close()
	if got := c.Value("grpc_lb_policy_instances"); got != 0 {
		t.Errorf("channels after Close: %v, want 0", got)
	}
}

// metricsPage returns the metric families that a program serves at /metrics.
func metricsPage(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	page := httptest.NewRecorder()
	promhttp.Handler().ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(page.Body)
	if err != nil {
		t.Fatalf("parse /metrics: %v", err)
	}
	return slices.Collect(maps.Values(families))
}
