package metrics

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

// Default is what the policies of this module report to. It is registered with
// [prometheus.DefaultRegisterer]. If that is impossible, because a collector
// that clashes with it is there already, such as the Default of a second copy of
// this module, it is in no registry, and a warning says so in gRPC's log.
var Default = New()

func init() { register(prometheus.DefaultRegisterer, Default) }

// register never fails a program for its metrics. If m itself is there already
// that is what was wanted. Another collector with the same metrics makes the same
// error, but m is then scraped by nobody.
func register(r prometheus.Registerer, m *Metrics) {
	err := r.Register(m)
	if err == nil {
		return
	}
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if already.ExistingCollector == prometheus.Collector(m) {
			return
		}
		err = fmt.Errorf("a %T with the same metrics is there already", already.ExistingCollector)
	}
	logger.Warningf("metrics: register default collector: %v; what it counts is not scraped until it is registered with another registry", err)
}

// Metrics meters the policies whose builders it has instrumented and is their
// Prometheus collector. Make one with [New]. Its methods may be called from
// several goroutines.
type Metrics struct {
	options
	waits waits
	start time.Time // when New made it; stays as it is

	instruments *grpcinstruments.Set // nil without WithGRPCInstruments

	badExemplar sync.Once // warns

	// mu guards the fields below and the fields of records that say so. No call
	// leaves the package under it, except into Prometheus's own lock-protected
	// histograms.
	mu      sync.Mutex
	targets table[targetKey, *target]
	fresh   int // records made since the last sweep
	kept    int // records that the last sweep left
}

// New returns a Metrics that reports to no registry yet. The caller registers
// it with the ones it likes; a registry holds one Metrics, unless the others
// are told apart with [prometheus.WrapRegistererWith].
func New(opts ...Option) *Metrics {
	m := &Metrics{options: defaultOptions(), start: time.Now()}
	for _, opt := range opts {
		opt(&m.options)
	}
	m.instruments = m.newInstruments()
	return m
}

// instant is a time as what has passed since the start of a Metrics, by the
// monotonic clock. It takes a third of the room of a [time.Time].
type instant time.Duration

func (m *Metrics) now() instant { return instant(time.Since(m.start)) }

// clocks are one moment by both clocks.
type clocks struct {
	wall time.Time
	now  instant
}

// timeOf returns an instant of the past by the wall clock as it is now: how the
// clock was set at that instant does not matter. What came after the moment, while
// it is being looked at, counts as of the moment.
func (c clocks) timeOf(at instant) time.Time {
	return c.wall.Add(-time.Duration(max(c.now-at, 0)))
}
