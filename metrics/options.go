package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/resolver"
)

// Option configures [New].
type Option func(*options)

// options are set by New and stay as they are.
type options struct {
	retention   time.Duration
	maxBackends int                                     // per target; 0 for no limit
	name        func(resolver.Address) string           // nil: the address
	latency     bool                                    // unless a service config says otherwise
	exemplar    func(context.Context) prometheus.Labels // nil: no exemplars

	// gRPC's instruments that are exported, if any are.
	exportGRPC            bool
	grpcNames, grpcLabels []string
}

func defaultOptions() options {
	return options{retention: 5 * time.Minute, maxBackends: 10_000}
}

// WithRetention sets how long the series of a backend or target stay after
// their last use. The default is 5 minutes, which many scrapes see. With 0, or
// less, they are gone in the first scrape, or look at the live page, after their
// last use, and with them what was counted since the scrape before.
func WithRetention(d time.Duration) Option {
	return func(o *options) { o.retention = max(d, 0) }
}

// WithMaxBackends limits the backends of a target that have series of their
// own, those within their retention included: where all may be replaced within
// it, the limit should be twice their number. The default is 10,000. Further
// ones are counted together as the backend "other", and by
// grpc_lb_backends_folded_total. Before that, those whose retention has passed are
// dropped, scraped or not. A subchannel that was counted as "other" stays it for
// as long as it lives; the next one to the same backend has series of its own if
// there is room by then. A backend whose name is "other" is counted with them.
// With 0, or less, there is no limit.
func WithMaxBackends(n int) Option {
	return func(o *options) { o.maxBackends = max(n, 0) }
}

// WithBackendName sets how backends are named in the label grpc_lb_backend. The
// default is the address. [ServerName], [Attribute] and [NoName] are ready-made
// names. Backends of a target that have the same name share series.
//
// The function is called once for each subchannel, with its first address,
// whose BalancerAttributes are those of its endpoint if it has none. It may be
// called from several goroutines and must not call gRPC.
func WithBackendName(name func(resolver.Address) string) Option {
	return func(o *options) { o.name = name }
}

// WithLatency measures grpc_lb_rpc_duration_seconds in all channels. The
// default is to measure none. The service config of a channel goes before it:
//
//	{"loadBalancingConfig": [{"round_robin2": {"metrics": {"latency": true}}}]}
func WithLatency() Option {
	return func(o *options) { o.latency = true }
}

// WithExemplars attaches labels to the observations of
// grpc_lb_rpc_duration_seconds, usually the id of the trace that the RPC
// belongs to. The function is called at the end of an RPC attempt that is
// measured, with the RPC's context, from many goroutines; nil means no exemplar
// for this one. Labels that Prometheus does not take, because they have more
// than 128 characters in all for instance, are left out, and a warning is
// logged the first time.
//
// Prometheus stores exemplars if it runs with --enable-feature=exemplar-storage
// and if [promhttp.HandlerOpts] has EnableOpenMetrics set, or it scrapes
// protobuf.
//
// [promhttp.HandlerOpts]: https://pkg.go.dev/github.com/prometheus/client_golang/prometheus/promhttp#HandlerOpts
func WithExemplars(labels func(context.Context) prometheus.Labels) Option {
	return func(o *options) { o.exemplar = labels }
}
