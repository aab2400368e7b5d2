package metrics

import (
	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

// maxInstrumentSeries limits the series of each of gRPC's instruments, as
// OpenTelemetry does by default.
const maxInstrumentSeries = 2000

// WithGRPCInstruments exports what the policies record with gRPC's own instruments
// (gRFC A79), under the names that gRPC's OpenTelemetry plugin has in Prometheus:
// grpc.lb.wrr.rr_fallback becomes grpc_lb_wrr_rr_fallback_total.
//
//	metrics.New(metrics.WithGRPCInstruments(
//		"grpc.lb.wrr.rr_fallback", "grpc.lb.wrr.endpoint_weights"))
//
// Instruments are named as gRPC, or any other package, has registered them
// with google.golang.org/grpc/experimental/stats. Without names, the option exports
// those that are on by default; gRPC v1.85.0 has none. Used again, the option
// adds to the names. They are looked up when the Metrics is registered or gathered, or
// when the first policy is built, whichever is first; by then the packages that register
// them must have been initialized. A name that is not known is logged as a warning.
//
// Series have the required labels of their instrument; [WithGRPCLabels] adds
// optional ones. Each instrument has at most 2,000 series: further label values
// are counted together, as "other" in each label, and those of gauges are left
// out. A series stays for the retention after the last policy that has recorded to
// it is closed; see [WithRetention].
//
// It exports only what policies record through their ClientConn's MetricsRecorder.
// gRPC's own recorder still gets that, too. What gRPC records elsewhere, such as
// grpc.subchannel.* and grpc.xds_client.*, needs a [StatsHandler].
//
// Registration fails, and [Metrics.Gather] returns an error, if an instrument has the
// name of a metric of this package. Registration also fails if another collector of the
// registry has described one of the names. It cannot see a collector that describes
// nothing, such as OpenTelemetry's exporter: then the registry exports the series of both.
func WithGRPCInstruments(names ...string) Option {
	return func(o *options) {
		o.exportGRPC = true
		o.grpcNames = append(o.grpcNames, names...)
	}
}

// WithGRPCLabels adds optional labels, such as "grpc.lb.locality", to the series of
// the instruments that [WithGRPCInstruments] exports and that have these labels. The
// default is to add none.
func WithGRPCLabels(names ...string) Option {
	return func(o *options) { o.grpcLabels = append(o.grpcLabels, names...) }
}

// newInstruments returns nil if there is nothing to export.
func (o *options) newInstruments() *grpcinstruments.Set {
	if !o.exportGRPC {
		return nil
	}
	return grpcinstruments.New(grpcinstruments.Config{
		Names:          o.grpcNames,
		OptionalLabels: o.grpcLabels,
		Retention:      o.records.Retention,
		MaxSeries:      maxInstrumentSeries,
	})
}
