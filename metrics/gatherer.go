package metrics

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

var _ prometheus.Gatherer = (*Metrics)(nil)

// errRegistered is returned to a program that would otherwise scrape each series twice.
var errRegistered = errors.New("it has registered itself with Prometheus's default registerer, which gathers it already; " +
	"to gather it apart, call ConfigureDefault with WithoutRegistration before the first channel is made")

// Gather implements [prometheus.Gatherer]. It returns the families, and their series,
// that a registry returns in which m alone is registered, in the same order, for a
// fraction of the cost: a registry hashes, compares and sorts each series. It drops the
// records whose retention has passed.
//
// Prefer it to registration if a scrape has thousands of backends. Serve it beside a
// registry, here the default one:
//
//	promhttp.HandlerFor(prometheus.Gatherers{prometheus.DefaultGatherer, m}, promhttp.HandlerOpts{})
//
// Either register m or gather it, not both: with both, each series is there twice.
// Gatherers then return an error for each, and promhttp answers with status 500.
// [Default] registers itself, so give [ConfigureDefault] the option
// [WithoutRegistration]. Without it, Gather of Default returns only an error once the
// first policy instance is built.
//
// The caller may keep the result, whose values never change. It must not change label
// pairs, values and times, because series share them. Gather may be called from any
// goroutine at any time.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) {
	if m.registeredItself.Load() {
		return nil, fmt.Errorf("metrics: gather: %w", errRegistered)
	}
	m.waits.Prune()
	own, err := m.records.Gather()
	instruments, instrumentsErr := m.options.Load().instruments.Gather()
	families, clash := merge(own, instruments)
	if err := errors.Join(err, instrumentsErr, clash); err != nil {
		return families, fmt.Errorf("metrics: gather: %w", err)
	}
	return families, nil
}

// merge returns the families of both in the order of their names. It leaves out an
// instrument that has the name of an own metric, and returns an error.
func merge(own, instruments []*dto.MetricFamily) (all []*dto.MetricFamily, err error) {
	all = slices.Concat(own, instruments)
	slices.SortStableFunc(all, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	all = slices.CompactFunc(all, func(a, b *dto.MetricFamily) bool {
		if a.GetName() != b.GetName() {
			return false
		}
		err = errors.Join(err, fmt.Errorf("an instrument of gRPC has the name of another metric, %s", a.GetName()))
		return true
	})
	return all, err
}

// WithoutRegistration keeps [Default] from registering itself with Prometheus's default
// registerer. It is for programs that call [Metrics.Gather], or that register Default
// elsewhere. A Metrics from [New] never registers itself.
func WithoutRegistration() Option {
	return func(o *options) { o.unregistered = true }
}
