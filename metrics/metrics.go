package metrics

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/grpclog"
)

const defaultRetention = 5 * time.Minute

// Default is what the policies of this module report to. It is registered with
// [prometheus.DefaultRegisterer]; if that is impossible, because a collector
// that clashes with it is there already, nothing but a log line happens.
var Default = New()

func init() { register(prometheus.DefaultRegisterer, Default) }

// register never fails a program for its metrics. Being there already, as after
// an earlier registration, is what was wanted.
func register(r prometheus.Registerer, m *Metrics) {
	err := r.Register(m)
	if _, already := errors.AsType[prometheus.AlreadyRegisteredError](err); err == nil || already {
		return
	}
	grpclog.Component("balancer2").Warningf("metrics: register default collector: %v; register one from metrics.New with another registry", err)
}

// Metrics meters the policies whose builders it has instrumented and is their
// Prometheus collector. Make one with [New]. Its methods may be called from
// several goroutines.
type Metrics struct {
	retention       time.Duration
	connectDuration *prometheus.HistogramVec

	// mu guards the fields below and the fields of records that say so. No call
	// leaves the package under it, except into Prometheus's own lock-protected
	// histograms.
	mu      sync.Mutex
	targets table[targetKey, *target]
	fresh   int // records made since the last sweep
	kept    int // records that the last sweep left
}

// Option configures [New].
type Option func(*Metrics)

// WithRetention sets how long the series of a backend or target stay after
// their last use. The default is 5 minutes, which many scrapes see. With 0, or
// less, they are gone in the first scrape after their last use, and with them
// what was counted since the scrape before.
func WithRetention(d time.Duration) Option {
	return func(m *Metrics) { m.retention = max(d, 0) }
}

// New returns a Metrics that reports to no registry yet. The caller registers
// it with the ones it likes; a registry holds one Metrics, unless the others
// are told apart with [prometheus.WrapRegistererWith].
func New(opts ...Option) *Metrics {
	m := &Metrics{
		retention:       defaultRetention,
		connectDuration: newConnectDuration(),
	}
	for _, opt := range opts {
		opt(m)
	}
	return m
}
