package metrics

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// Option configures [New] and [ConfigureDefault].
type Option func(*options)

// options are what New and ConfigureDefault were given. They never change.
type options struct {
	nameTarget    func(string) string                     // nil: the canonical target
	nameBackend   func(resolver.Address) string           // nil: the address
	backendLabels []backendLabel                          // in the order of their names
	latency       bool                                    // unless a service config says otherwise
	exemplar      func(context.Context) prometheus.Labels // nil: no exemplars
	eventLogger   *slog.Logger                            // nil: none
	unregistered  bool                                    // Default does not register itself

	// gRPC's instruments to export, if any.
	exportGRPC            bool
	grpcNames, grpcLabels []string

	records     record.Settings
	instruments *grpcinstruments.Set // made of the fields above; nil without WithGRPCInstruments
}

// newOptions returns the defaults, as opts change them.
func newOptions(opts []Option) (*options, error) {
	o := &options{records: record.Settings{Retention: 5 * time.Minute, MaxTargets: 1000, MaxBackends: 10_000}}
	for _, opt := range opts {
		opt(o)
	}
	o.instruments = o.newInstruments()
	return o, o.addBackendLabels()
}

// WithRetention sets how long the series of a backend or target stay after their
// last use. The default is 5 minutes, enough for many scrapes. With 0 or less, the
// first scrape or request for the live page after the last use drops them, and
// what was counted since the scrape before is lost.
func WithRetention(d time.Duration) Option {
	return func(o *options) { o.records.Retention = max(d, 0) }
}

// WithMaxBackends limits how many backends of a target have series of their own.
// The default is 10,000; 0 or less means no limit. Backends within their retention
// count: if all backends may be replaced within it, set the limit to twice their
// number.
//
// Backends above the limit are counted together as the backend "other", and
// grpc_lb_folded_subchannels_total counts their subchannels. Backends whose retention
// has passed are dropped first, scraped or not. A subchannel that is counted as
// "other" stays there until it is shut down. A later subchannel to the same backend
// gets series of its own if there is room. A backend named "other" is counted with
// them.
func WithMaxBackends(n int) Option {
	return func(o *options) { o.records.MaxBackends = max(n, 0) }
}

// WithMaxTargets limits how many targets have series of their own. The default is
// 1,000; 0 or less means no limit. Targets within their retention count. A target
// counts once for each policy that it is used with.
//
// Policy instances for targets above the limit are counted together under the target
// "other", for as long as they live, and grpc_lb_folded_policy_instances_total counts
// them. A target named "other" is counted with them.
func WithMaxTargets(n int) Option {
	return func(o *options) { o.records.MaxTargets = max(n, 0) }
}

// WithTargetName sets how targets are named in the label grpc_target. The default
// is the channel's canonical target, such as dns:///host:1. Use the option if targets
// contain a port or a pointer that differs from run to run: otherwise each restart of
// the program makes new series. Targets that get the same name share series.
//
// The function is called once for each policy instance, with the canonical
// target. It may be called from several goroutines and must not call gRPC.
func WithTargetName(name func(target string) string) Option {
	return func(o *options) { o.nameTarget = name }
}

// WithBackendName sets how backends are named in the label grpc_lb_backend. The
// default is the address. [NameByServerName], [NameByAttribute] and [NameNone] are
// ready-made names. Backends of a target that have the same name, and the same
// values of the labels of [WithBackendLabel], share series.
//
// The function is called once for each subchannel, with its first address. If the
// address has no BalancerAttributes, it gets the attributes of its endpoint there. The
// function may be called from several goroutines and must not call gRPC.
func WithBackendName(name func(resolver.Address) string) Option {
	return func(o *options) { o.nameBackend = name }
}

// WithBackendLabel adds a label to all metrics of backends, such as zone, version
// or cluster. [ValueOfAttribute] reads it from what the resolver sent:
//
//	metrics.WithBackendLabel("zone", metrics.ValueOfAttribute(zoneKey{}))
//
// The option can be given several times, each time with another name. When the value
// changes, the backend gets new series, so a label should have few values that seldom
// change. To Prometheus the value "" is the same as no label. The backend "other"
// (see [WithMaxBackends]) has the value "".
//
// The name must be one that Prometheus takes everywhere (letters, digits and
// underscores, not beginning with a digit or two underscores), and the metrics must
// not have it already. Otherwise New panics, and ConfigureDefault returns an
// error.
//
// The function is called as the function of [WithBackendName] is: once for each
// subchannel, from any goroutine.
func WithBackendLabel(name string, value func(resolver.Address) string) Option {
	return func(o *options) { o.backendLabels = append(o.backendLabels, backendLabel{name, value}) }
}

// WithLatency measures grpc_lb_rpc_attempt_duration_seconds in all channels. The default
// is to measure it in none. The service config of a channel overrides this:
//
//	{"loadBalancingConfig": [{"round_robin2": {"balancer2Metrics": {"latency": true}}}]}
func WithLatency() Option {
	return func(o *options) { o.latency = true }
}

// WithExemplars attaches labels to the observations of
// grpc_lb_rpc_attempt_duration_seconds, usually the ID of the RPC's trace. The function is
// called at the end of each RPC attempt that is measured, with the RPC's context.
// If it returns nil, the observation has no exemplar. It must be safe for
// concurrent use. Labels that Prometheus refuses, for example because they have
// more than 128 characters in total, are left out, and the first time a warning is
// logged.
//
// Prometheus stores exemplars if it runs with --enable-feature=exemplar-storage
// and either scrapes protobuf or [promhttp.HandlerOpts] has EnableOpenMetrics set.
//
// [promhttp.HandlerOpts]: https://pkg.go.dev/github.com/prometheus/client_golang/prometheus/promhttp#HandlerOpts
func WithExemplars(labels func(context.Context) prometheus.Labels) Option {
	return func(o *options) { o.exemplar = labels }
}

// WithEventLogger logs what the live page shows as events: one record for each, with
// the attributes event (its kind, see [Metrics.Handler]), target, policy and, where
// they apply, backend, text (an error or a reason), endpoints, added, removed,
// added_names and removed_names. The default is not to log them.
//
// Events that something may be wrong have the level WARN: a lost connection, the first
// of several failed attempts to connect, an unusable backend, a backend or target above
// the limit, a resolver error and a rejected update. Events of policy instances are
// DEBUG, all others INFO.
//
// A goroutine passes the records to the handler, so that a slow handler does not hold
// up RPCs; it ends when there are none left. The events of a channel stay in order.
// While 1,024 events wait for the handler, further ones are dropped. The first event
// logged after that has their number in the attribute dropped_before.
func WithEventLogger(l *slog.Logger) Option {
	return func(o *options) { o.eventLogger = l }
}

// WithLastRPCErrors shows on the live page how the last failed RPC attempt on each
// backend ended: its code and up to 256 bytes of its message. The default is not to,
// because messages come from servers and may hold data of users. Of failures with the
// same code within a tenth of a second only the first is kept.
func WithLastRPCErrors() Option {
	return func(o *options) { o.records.LastRPCErrors = true }
}
