package comparison_test

import (
	"context"
	"encoding/json"
	"testing"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/stats/opentelemetry"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// variant is a policy and the meter of its RPCs.
type variant struct {
	name   string
	policy string // with its config, as JSON
	meter  func(testing.TB, *fixture) meter
}

// meter meters one channel. The zero meter meters nothing.
type meter struct {
	registry *prometheus.Registry // nil if nothing is metered
	families []string             // the metrics that count every RPC
	options  []grpc.DialOption
}

// Indexes of variants.
const (
	bare      = 0
	bareAgain = 1 // its difference from bare is measurement error
	metered   = 3
	counters  = 5 // the middleware without its histogram
)

var variants = [...]variant{
	{"round_robin", `{"round_robin": {}}`, none},
	{"round_robin_again", `{"round_robin": {}}`, none},
	{"round_robin2_unmetered", `{"round_robin2_unmetered": {}}`, none},
	{"round_robin2", `{"round_robin2": {}}`, balancer2("grpc_lb_picks_total", "grpc_lb_rpc_attempts_total")},
	{"round_robin2_latency", `{"round_robin2": {"balancer2Metrics": {"latency": true}}}`,
		balancer2("grpc_lb_rpc_attempts_total", "grpc_lb_rpc_attempt_duration_seconds")},
	{"middleware", `{"round_robin": {}}`, interceptors(
		[]string{"grpc_client_started_total", "grpc_client_msg_sent_total", "grpc_client_msg_received_total", "grpc_client_handled_total"})},
	{"middleware_histogram", `{"round_robin": {}}`, interceptors(
		[]string{"grpc_client_handled_total", "grpc_client_handling_seconds"}, middleware.WithClientHandlingTimeHistogram())},
	{"opentelemetry", `{"round_robin": {}}`, openTelemetry},
	{"noop_stats_handler", `{"round_robin": {}}`, noopStatsHandler},
}

// ours is the registry of balancer2's metrics. All fixtures share it, because the
// policies are registered with gRPC once. Their channels have different targets.
var ours = prometheus.NewRegistry()

func init() {
	m := metrics.New()
	ours.MustRegister(m)
	balancer.Register(m.Instrument(roundrobin2.NewBuilder()))
	balancer.Register(renamed{roundrobin2.NewBuilder(), "round_robin2_unmetered"})
}

// renamed is a policy under another name. Its builder parses configs.
type renamed struct {
	balancer.Builder
	name string
}

func (r renamed) Name() string { return r.name }

func (r renamed) ParseConfig(config json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	return r.Builder.(balancer.ConfigParser).ParseConfig(config)
}

func none(testing.TB, *fixture) meter { return meter{} }

func balancer2(families ...string) func(testing.TB, *fixture) meter {
	return func(testing.TB, *fixture) meter { return meter{registry: ours, families: families} }
}

// noopStatsHandler is what it costs to be given what gRPC records outside of
// policies: only a stats.Handler gets it.
func noopStatsHandler(testing.TB, *fixture) meter {
	return meter{options: []grpc.DialOption{grpc.WithStatsHandler(noopHandler{})}}
}

type noopHandler struct{}

func (noopHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (noopHandler) HandleRPC(context.Context, stats.RPCStats)                         {}
func (noopHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (noopHandler) HandleConn(context.Context, stats.ConnStats)                       {}

func interceptors(families []string, options ...middleware.ClientMetricsOption) func(testing.TB, *fixture) meter {
	return func(testing.TB, *fixture) meter {
		m := middleware.NewClientMetrics(options...)
		registry := prometheus.NewRegistry()
		registry.MustRegister(m)
		return meter{registry, families, []grpc.DialOption{
			grpc.WithUnaryInterceptor(m.UnaryClientInterceptor()),
			grpc.WithStreamInterceptor(m.StreamClientInterceptor()),
		}}
	}
}

func openTelemetry(tb testing.TB, f *fixture) meter {
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		tb.Fatalf("make OpenTelemetry exporter: %v", err)
	}
	provider := metric.NewMeterProvider(metric.WithReader(exporter))
	f.closers = append(f.closers, func() {
		if err := provider.Shutdown(context.Background()); err != nil {
			tb.Errorf("shut OpenTelemetry down: %v", err)
		}
	})
	families := []string{"grpc_client_attempt_started_total", "grpc_client_attempt_duration_seconds", "grpc_client_call_duration_seconds"}
	return meter{registry, families, []grpc.DialOption{
		opentelemetry.DialOption(opentelemetry.Options{MetricsOptions: opentelemetry.MetricsOptions{MeterProvider: provider}}),
	}}
}
