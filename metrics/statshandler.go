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
// to a [stats.Handler], so a StatsHandler is one, but it ignores the stats of RPCs and
// connections. Register it with Prometheus and pass it to channels:
//
//	h := metrics.NewStatsHandler(metrics.WithGRPCInstruments("grpc.subchannel.open_connections"))
//	prometheus.MustRegister(h)
//	conn, err := grpc.NewClient(target, grpc.WithStatsHandler(h), …)
//
// In a channel without another stats.Handler it costs each RPC 15 allocations and
// some 2.5 µs, which gRPC spends to call it. The connections of each backend are also
// in the metrics of [Metrics], at no such cost.
//
// gRPC also gives it what policies record, metered or not. So export an instrument
// either here or with the options of a Metrics: a registry refuses the second. Channels
// share the xDS client, which records only for the channel that came first.
//
// Several channels may use it at once. It keeps its series as long as it exists; each
// instrument has at most 2,000, as with [WithGRPCInstruments].
type StatsHandler struct {
	statsRecorder
	set *grpcinstruments.Set
}

// statsRecorder is what gRPC records to. The alias keeps the embedded field unexported.
type statsRecorder = estats.MetricsRecorder

var (
	_ stats.Handler          = (*StatsHandler)(nil)
	_ estats.MetricsRecorder = (*StatsHandler)(nil)
	_ prometheus.Collector   = (*StatsHandler)(nil)
)

// NewStatsHandler returns a StatsHandler for the instruments of [WithGRPCInstruments],
// with the optional labels of [WithGRPCLabels]. Without WithGRPCInstruments nothing is
// exported. Other options have no effect, but like [New] it panics if one is not valid.
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
