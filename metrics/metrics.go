package metrics

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
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
// warning. [ConfigureDefault] sets its options; with [WithoutRegistration] it does not
// register itself.
func Default() *Metrics { return defaultMetrics }

// register registers Default. It only warns if it fails: a program must not fail because
// of its metrics. Prometheus returns the same error whether m itself or another collector
// with the same metrics is already registered. Only the other one is a problem.
func register(r prometheus.Registerer, m *Metrics) {
	err := r.Register(m)
	if err == nil {
		m.registeredItself.Store(true)
		return
	}
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if already.ExistingCollector == prometheus.Collector(m) {
			m.registeredItself.Store(true) // or the program did so for it
			return
		}
		err = fmt.Errorf("a %T with the same metrics is already registered", already.ExistingCollector)
	}
	logger.Warningf("metrics: register default collector: %v; what it counts is not scraped until it is registered with another registry", err)
}

// Metrics meters the policies whose builders it has instrumented. It is a Prometheus
// collector, to be registered, and a Prometheus gatherer, see [Metrics.Gather]: use it as
// one of them. Make one with [New]. Its methods are safe for concurrent use.
type Metrics struct {
	clock *clock.Clock

	options atomic.Pointer[options] // replaced by configure only, before they are in use
	usage   usage

	registeredItself atomic.Bool // only Default does

	records  *record.Store
	waits    waits.List
	eventLog events.Log

	badExemplar sync.Once // for the warning
}

// New returns a Metrics that is in no registry; register it where you like, or gather it
// with [Metrics.Gather]. A registry can hold one Metrics, or several that
// [prometheus.WrapRegistererWith] distinguishes by labels. New panics if an option is not
// valid.
func New(opts ...Option) *Metrics {
	o, err := newOptions(opts)
	if err != nil {
		panic("metrics: new: " + err.Error())
	}
	c := clock.New()
	m := &Metrics{clock: c, records: record.NewStore(c)}
	m.options.Store(o)
	return m
}
