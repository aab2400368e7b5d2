package metrics

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/resolver"
)

// Default meters the policies of this module. It is registered with
// [prometheus.DefaultRegisterer]. If that fails because a conflicting collector is
// already registered, such as the Default of a second copy of this module, Default
// is in no registry, and gRPC's log has a warning.
var Default = New()

func init() { register(prometheus.DefaultRegisterer, Default) }

// register only warns if it fails: a program must not fail because of its metrics.
// Prometheus returns the same error whether m itself or another collector with the
// same metrics is already registered. Only the other one is a problem.
func register(r prometheus.Registerer, m *Metrics) {
	err := r.Register(m)
	if err == nil {
		return
	}
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if already.ExistingCollector == prometheus.Collector(m) {
			return
		}
		err = fmt.Errorf("a %T with the same metrics is already registered", already.ExistingCollector)
	}
	logger.Warningf("metrics: register default collector: %v; what it counts is not scraped until it is registered with another registry", err)
}

// Metrics meters the policies whose builders it has instrumented, and is their
// Prometheus collector. Make one with [New]. Its methods are safe for concurrent
// use.
type Metrics struct {
	options
	start time.Time // when New made it; never changes

	records records
	waits   waits

	badExemplar sync.Once // for the warning
}

// New returns a Metrics that is in no registry; register it where you like. A
// registry can hold one Metrics, or several that [prometheus.WrapRegistererWith]
// distinguishes by labels.
func New(opts ...Option) *Metrics {
	m := &Metrics{options: defaultOptions(), start: time.Now()}
	for _, opt := range opts {
		opt(&m.options)
	}
	m.records.retention, m.records.maxBackends = m.retention, m.maxBackends
	return m
}

// instant is a point in time: how long after the start of a Metrics it was, by
// the monotonic clock. It takes a third of the memory of a [time.Time].
type instant time.Duration

func (m *Metrics) now() instant { return instant(time.Since(m.start)) }

// clocks is one moment on both clocks.
type clocks struct {
	wall time.Time
	now  instant
}

// timeOf converts a past instant to wall clock time. It counts back from the moment,
// so it does not matter how the wall clock was set at the instant. An instant
// after the moment becomes the moment.
func (c clocks) timeOf(at instant) time.Time {
	return c.wall.Add(-time.Duration(max(c.now-at, 0)))
}

// Option configures [New].
type Option func(*options)

// options are set by New and never change.
type options struct {
	retention   time.Duration
	maxBackends int                                     // per target; 0 for no limit
	nameBackend func(resolver.Address) string           // nil: the address
	latency     bool                                    // the default; a service config overrides it
	exemplar    func(context.Context) prometheus.Labels // nil: no exemplars
}

func defaultOptions() options {
	return options{retention: 5 * time.Minute, maxBackends: 10_000}
}

// WithRetention sets how long the series of a backend or target stay after their
// last use. The default is 5 minutes, enough for many scrapes. With 0 or less, the
// first scrape or request for the live page after the last use drops them, and
// what was counted since the scrape before is lost.
func WithRetention(d time.Duration) Option {
	return func(o *options) { o.retention = max(d, 0) }
}

// WithMaxBackends limits how many backends of a target have series of their own.
// The default is 10,000; 0 or less means no limit. Backends within their retention
// count: if all backends may be replaced within it, set the limit to twice their
// number.
//
// Backends above the limit are counted together as the backend "other", and
// grpc_lb_backends_folded_total counts their subchannels. Backends whose retention
// has passed are dropped first, scraped or not. A subchannel that is counted as
// "other" stays there until it is shut down. A later subchannel to the same backend
// gets series of its own if there is room. A backend named "other" is counted with
// them.
func WithMaxBackends(n int) Option {
	return func(o *options) { o.maxBackends = max(n, 0) }
}

// WithBackendName sets the function that names backends in the label
// grpc_lb_backend. The default is the address. [ServerName], [Attribute] and
// [NoName] are ready-made functions. Backends of a target with the same name share
// series.
//
// The function is called once for each subchannel, with the first address of the
// subchannel. If that address has no BalancerAttributes, it gets the attributes of
// its endpoint. The function must be safe for concurrent use and must not call
// gRPC.
func WithBackendName(name func(resolver.Address) string) Option {
	return func(o *options) { o.nameBackend = name }
}

// WithLatency measures grpc_lb_rpc_duration_seconds in all channels. The default
// is to measure it in none. The service config of a channel overrides this:
//
//	{"loadBalancingConfig": [{"round_robin2": {"metrics": {"latency": true}}}]}
func WithLatency() Option {
	return func(o *options) { o.latency = true }
}

// WithExemplars attaches labels to the observations of
// grpc_lb_rpc_duration_seconds, usually the ID of the RPC's trace. The function is
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
