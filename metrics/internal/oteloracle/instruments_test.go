package oteloracle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/balancer/rls"
	_ "google.golang.org/grpc/balancer/weightedroundrobin"
	"google.golang.org/grpc/credentials/insecure"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"
	_ "google.golang.org/grpc/xds"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

// grpcs are gRPC's instruments, with their names in Prometheus.
var grpcs = map[string]string{
	"grpc.lb.wrr.rr_fallback":                         "grpc_lb_wrr_rr_fallback_total",
	"grpc.lb.wrr.endpoint_weight_not_yet_usable":      "grpc_lb_wrr_endpoint_weight_not_yet_usable_total",
	"grpc.lb.wrr.endpoint_weight_stale":               "grpc_lb_wrr_endpoint_weight_stale_total",
	"grpc.lb.wrr.endpoint_weights":                    "grpc_lb_wrr_endpoint_weights",
	"grpc.lb.rls.cache_entries":                       "grpc_lb_rls_cache_entries",
	"grpc.lb.rls.cache_size":                          "grpc_lb_rls_cache_size_bytes",
	"grpc.lb.rls.default_target_picks":                "grpc_lb_rls_default_target_picks_total",
	"grpc.lb.rls.target_picks":                        "grpc_lb_rls_target_picks_total",
	"grpc.lb.rls.failed_picks":                        "grpc_lb_rls_failed_picks_total",
	"grpc.lb.outlier_detection.ejections_enforced":    "grpc_lb_outlier_detection_ejections_enforced_total",
	"grpc.lb.outlier_detection.ejections_unenforced":  "grpc_lb_outlier_detection_ejections_unenforced_total",
	"grpc.subchannel.disconnections":                  "grpc_subchannel_disconnections_total",
	"grpc.subchannel.connection_attempts_succeeded":   "grpc_subchannel_connection_attempts_succeeded_total",
	"grpc.subchannel.connection_attempts_failed":      "grpc_subchannel_connection_attempts_failed_total",
	"grpc.subchannel.open_connections":                "grpc_subchannel_open_connections",
	"grpc.xds_client.resource_updates_valid":          "grpc_xds_client_resource_updates_valid_total",
	"grpc.xds_client.resource_updates_invalid":        "grpc_xds_client_resource_updates_invalid_total",
	"grpc.xds_client.server_failure":                  "grpc_xds_client_server_failure_total",
	"grpc.xds_client.connected":                       "grpc_xds_client_connected",
	"grpc.xds_client.resources":                       "grpc_xds_client_resources",
	"grpc.client_ext_proc.client_headers_duration":    "grpc_client_ext_proc_client_headers_duration_seconds",
	"grpc.client_ext_proc.client_half_close_duration": "grpc_client_ext_proc_client_half_close_duration_seconds",
	"grpc.client_ext_proc.server_headers_duration":    "grpc_client_ext_proc_server_headers_duration_seconds",
	"grpc.client_ext_proc.server_trailers_duration":   "grpc_client_ext_proc_server_trailers_duration_seconds",
}

// made are instruments of each type with names and units of all kinds that
// OpenTelemetry takes.
var made = makeInstruments()

func makeInstruments() (names []string) {
	parts := []string{
		"wait", "wait.seconds", "seconds.wait", "total", "total.wait_total", "ratio.fill", "a--b..c__d", "x_", "2xx/3xx",
		"bytes_per_second", "per_second", "a_seconds_per", "Wait.Total",
	}
	units := []string{
		"", "1", "s", "ms", "min", "By", "MiBy", "%", "{call}", "{call}/s", "By/s", "By/{call}", "m/s", "1/s", "s/1", "/s", "s/",
		"a b", "foo-bar", "_x_", "x_/y_", "x/%", "%/x", " s / m ", "a/b/c", "Cel", "é",
	}
	for i, part := range parts {
		for j, unit := range units {
			for kind := range estats.MetricTypeIntAsyncGauge + 1 {
				d := estats.MetricDescriptor{
					Name: fmt.Sprintf("made%dz%dz%d.%s", i, j, kind, part), Description: "Made.", Unit: unit, Type: kind,
					Labels: []string{"grpc.target", "a--b..c__d"}, OptionalLabels: []string{"2xx", "_x", "UPPER", "unasked"},
				}
				register(d)
				names = append(names, d.Name)
			}
		}
	}
	return names
}

func register(d estats.MetricDescriptor) {
	switch d.Type {
	case estats.MetricTypeIntCount:
		estats.RegisterInt64Count(d)
	case estats.MetricTypeFloatCount:
		estats.RegisterFloat64Count(d)
	case estats.MetricTypeIntHisto:
		d.Bounds = []float64{1, 10}
		estats.RegisterInt64Histo(d)
	case estats.MetricTypeFloatHisto:
		estats.RegisterFloat64Histo(d)
	case estats.MetricTypeIntGauge:
		estats.RegisterInt64Gauge(d)
	case estats.MetricTypeIntUpDownCount:
		estats.RegisterInt64UpDownCount(d)
	case estats.MetricTypeIntAsyncGauge:
		estats.RegisterInt64AsyncGauge(d)
	}
}

// record records with the instrument in two series.
func record(r estats.MetricsRecorder, d *estats.MetricDescriptor, i int) {
	for series := range 2 {
		labels := slices.Repeat([]string{fmt.Sprint("value ", series)}, len(d.Labels)+len(d.OptionalLabels))
		labels[len(labels)-1] = "" // as where a policy does not know
		for _, v := range []int{i + series, 7} {
			switch d.Type {
			case estats.MetricTypeIntCount:
				(*estats.Int64CountHandle)(d).Record(r, int64(v), labels...)
			case estats.MetricTypeFloatCount:
				(*estats.Float64CountHandle)(d).Record(r, float64(v)/4, labels...)
			case estats.MetricTypeIntHisto:
				(*estats.Int64HistoHandle)(d).Record(r, int64(v), labels...)
			case estats.MetricTypeFloatHisto:
				(*estats.Float64HistoHandle)(d).Record(r, float64(v)/4, labels...)
			case estats.MetricTypeIntGauge:
				(*estats.Int64GaugeHandle)(d).Record(r, int64(v), labels...)
			case estats.MetricTypeIntUpDownCount:
				(*estats.Int64UpDownCountHandle)(d).Record(r, int64(-v), labels...)
			case estats.MetricTypeIntAsyncGauge:
				h := (*estats.Int64AsyncGaugeHandle)(d)
				r.RegisterAsyncReporter(estats.AsyncMetricReporterFunc(func(r estats.AsyncMetricsRecorder) error {
					h.Record(r, int64(v), labels...)
					return nil
				}), h)
			}
		}
	}
}

// recorderOf returns the recorder of a channel with the option, as gRPC gives it
// to resolvers and policies.
func recorderOf(tb testing.TB, opt grpc.DialOption) estats.MetricsRecorder {
	tb.Helper()
	r := catcher{make(chan estats.MetricsRecorder, 1)}
	conn, err := grpc.NewClient("oracle:///x", opt, grpc.WithResolvers(r), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	conn.Connect()
	return <-r.caught
}

// catcher is a resolver that finds nothing.
type catcher struct{ caught chan estats.MetricsRecorder }

func (catcher) Scheme() string                        { return "oracle" }
func (catcher) ResolveNow(resolver.ResolveNowOptions) {}
func (catcher) Close()                                {}

func (c catcher) Build(_ resolver.Target, _ resolver.ClientConn, opts resolver.BuildOptions) (resolver.Resolver, error) {
	c.caught <- opts.MetricsRecorder
	return c, nil
}

// compare records with the instruments and wants the same scrape from both.
func compare(t *testing.T, instruments, optionalLabels []string) string {
	t.Helper()
	ours, theirs := prometheus.NewPedanticRegistry(), prometheus.NewPedanticRegistry()
	set := grpcinstruments.New(grpcinstruments.Config{Names: instruments, OptionalLabels: optionalLabels, MaxSeries: 100})
	ours.MustRegister(set)
	scope := set.NewScope()
	t.Cleanup(scope.Close)
	r := scope.Tee(recorderOf(t, plugin(t, theirs, instruments, optionalLabels, otelprometheus.WithoutScopeInfo())))
	for i, name := range instruments {
		record(r, estats.DescriptorForMetric(name), i)
	}
	got, want := text(t, ours, every), text(t, theirs, every)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scrape (-OpenTelemetry +ours):\n%s", diff)
	}
	return got
}

func TestGRPCsInstrumentsAreThoseOfOpenTelemetry(t *testing.T) {
	t.Parallel()
	var names, optional []string
	for name := range grpcs {
		names = append(names, name)
		d := estats.DescriptorForMetric(name)
		if d == nil {
			t.Fatalf("gRPC has no instrument %s", name)
		}
		optional = append(optional, d.OptionalLabels...)
	}
	slices.Sort(names)
	for _, labels := range [][]string{nil, {"grpc.lb.locality"}, optional} {
		scrape := compare(t, names, labels)
		for name, want := range grpcs {
			if !strings.Contains(scrape, "# TYPE "+want+" ") {
				t.Errorf("%s is not %s; scrape:\n%s", name, want, scrape)
			}
		}
	}
}

func TestMadeInstrumentsAreThoseOfOpenTelemetry(t *testing.T) {
	t.Parallel()
	scrape := compare(t, made, []string{"2xx", "_x", "UPPER"})
	if got := strings.Count(scrape, "# TYPE "); got != len(made) {
		t.Errorf("%d metrics, want %d", got, len(made))
	}
}
