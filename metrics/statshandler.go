package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/stats"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

// StatsHandler exports what gRPC records with its own instruments outside of
// policies, such as grpc.subchannel.* and grpc.xds_client.*. gRPC gives that only
// to a [stats.Handler], as which this one does nothing. It is a Prometheus
// collector, for the caller to register, and a dial option of channels:
//
//	h := metrics.NewStatsHandler(metrics.WithGRPCInstruments("grpc.subchannel.open_connections"))
//	prometheus.MustRegister(h)
//	conn, err := grpc.NewClient(target, grpc.WithStatsHandler(h), …)
//
// In a channel without another stats.Handler it costs each RPC 15 allocations and
// some 2.5 µs, which gRPC spends to call it. The connections of each backend are in
// the metrics of [Metrics] without that.
//
// gRPC gives it also what policies record, metered or not, so that an instrument
// belongs either here or in the options of a Metrics: a registry refuses the
// second. The xDS client is shared by channels, and records for the one that was
// there first.
//
// It may be used by several channels at once. Its series stay for as long as it
// does; each instrument has at most 2,000, as with [WithGRPCInstruments].
type StatsHandler struct {
	statsRecorder
	set *grpcinstruments.Set
}

// statsRecorder is where gRPC records.
type statsRecorder = estats.MetricsRecorder

var (
	_ stats.Handler          = (*StatsHandler)(nil)
	_ estats.MetricsRecorder = (*StatsHandler)(nil)
	_ prometheus.Collector   = (*StatsHandler)(nil)
)

// NewStatsHandler returns one for the instruments of [WithGRPCInstruments], with
// the optional labels of [WithGRPCLabels]. Other options have no effect, and
// without the first one nothing is exported.
func NewStatsHandler(opts ...Option) *StatsHandler {
	o, err := newOptions(opts)
	if err != nil {
		panic("metrics: new stats handler: " + err.Error())
	}
	set := o.instruments
	return &StatsHandler{statsRecorder: set.NewScope().Tee(estats.UnimplementedMetricsRecorder{}), set: set}
}

// Describe implements [prometheus.Collector].
func (h *StatsHandler) Describe(ch chan<- *prometheus.Desc) { h.set.Describe(ch) }

// Collect implements [prometheus.Collector].
func (h *StatsHandler) Collect(ch chan<- prometheus.Metric) { h.set.Collect(ch) }

// TagRPC implements [stats.Handler].
func (h *StatsHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC implements [stats.Handler].
func (h *StatsHandler) HandleRPC(context.Context, stats.RPCStats) {}

// TagConn implements [stats.Handler].
func (h *StatsHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements [stats.Handler].
func (h *StatsHandler) HandleConn(context.Context, stats.ConnStats) {}
