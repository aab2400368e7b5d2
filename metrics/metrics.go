package metrics

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var defaultMetrics = newDefault(func() prometheus.Registerer { return prometheus.DefaultRegisterer })

// newDefault returns a Metrics that registers itself when it is used first, and not
// earlier: until then its options may change, and with them its labels, but a registry
// keeps the labels of a metric for ever.
func newDefault(registerer func() prometheus.Registerer) *Metrics {
	m := New()
	m.usage.begins = func() { register(registerer(), m) }
	return m
}

// Default returns the Metrics that the policies of this module report to, always
// the same. It registers itself with [prometheus.DefaultRegisterer] when the first
// policy instance is built; before that it has no series. If the registerer refuses
// it, because a collector with the same metrics is registered already, such as the
// Default of a second copy of this module, it is in no registry, and gRPC's log has a
// warning. [ConfigureDefault] sets its options.
func Default() *Metrics { return defaultMetrics }

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
	start time.Time // when New made it; never changes

	options atomic.Pointer[options] // replaced by configure only, before they are in use
	usage   usage

	records records
	waits   waits

	eventLog eventLog

	badExemplar sync.Once // for the warning
}

// New returns a Metrics that is in no registry; register it where you like. A
// registry can hold one Metrics, or several that [prometheus.WrapRegistererWith]
// distinguishes by labels. New panics if an option is not valid.
func New(opts ...Option) *Metrics {
	o, err := newOptions(opts)
	if err != nil {
		panic("metrics: new: " + err.Error())
	}
	m := &Metrics{start: time.Now()}
	m.options.Store(o)
	m.records.now, m.records.options = m.now, &m.options
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
