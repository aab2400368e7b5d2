package grpcinstruments_test

import (
	"testing"

	estats "google.golang.org/grpc/experimental/stats"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

const (
	count  = estats.MetricTypeIntCount
	histo  = estats.MetricTypeFloatHisto
	gauge  = estats.MetricTypeIntGauge
	async  = estats.MetricTypeIntAsyncGauge
	upDown = estats.MetricTypeIntUpDownCount
)

// That OpenTelemetry's exporter gives the same names is tested in the module
// metrics/internal/oteloracle.
func TestNamesOfMetrics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, unit string
		kind       estats.MetricType
		want       string
	}{
		{"grpc.lb.wrr.rr_fallback", "{update}", count, "grpc_lb_wrr_rr_fallback_total"},
		{"grpc.lb.wrr.endpoint_weights", "{endpoint}", histo, "grpc_lb_wrr_endpoint_weights"},
		{"grpc.lb.rls.cache_size", "By", async, "grpc_lb_rls_cache_size_bytes"},
		{"grpc.subchannel.open_connections", "{attempt}", upDown, "grpc_subchannel_open_connections"},
		{"a.wait", "s", histo, "a_wait_seconds"},
		{"a.wait", "ms", histo, "a_wait_milliseconds"},
		{"a.wait.seconds", "s", histo, "a_wait_seconds"},
		{"a.cpu", "s", count, "a_cpu_seconds_total"},
		{"a.total.bytes", "By", count, "a_bytes_total"},
		{"a.fill", "1", gauge, "a_fill_ratio"},
		{"a.ratio.fill", "1", async, "a_fill_ratio"},
		{"a.calls", "1", count, "a_calls_total"},
		{"a.calls", "1", upDown, "a_calls"},
		{"a.speed", "m/s", gauge, "a_speed_meters_per_second"},
		{"a.rate", "{call}/s", gauge, "a_rate_per_second"},
		{"a.rate", "By/{call}", gauge, "a_rate_bytes"},
		{"a.odd", "foo-bar", gauge, "a_odd_foo_bar"},
		{"a..b--c__d", "", gauge, "a_b_c_d"},
		{".a.", "", gauge, "a"},
		{"2xx", "", gauge, "_2xx"},
		{"ns:a", "%", gauge, "ns:a_percent"},
		{"é.a", " s ", gauge, "a_seconds"},
		{"...", "", gauge, ""},
	} {
		d := &estats.MetricDescriptor{Name: c.name, Unit: c.unit, Type: c.kind}
		if got := grpcinstruments.MetricName(d); got != c.want {
			t.Errorf("name of %q, unit %q, type %d = %q, want %q", c.name, c.unit, c.kind, got, c.want)
		}
	}
}

func TestNamesOfLabels(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"grpc.target":               "grpc_target",
		"grpc.lb.rls.server-target": "grpc_lb_rls_server_target",
		"a..b__c":                   "a_b_c",
		"a:b":                       "a_b",
		"a:.b":                      "a_b",
		"_a":                        "_a",
		"__a":                       "_a",
		"2xx":                       "key_2xx",
		"__a__":                     "", // Prometheus takes none that begins so
		"":                          "",
		"...":                       "",
		"____":                      "",
	} {
		if got := grpcinstruments.LabelName(name); got != want {
			t.Errorf("label %q = %q, want %q", name, got, want)
		}
	}
}
