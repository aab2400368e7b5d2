package metrics

import (
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// ConfigureDefault sets the options of [Default], which policies report to that a
// blank import has registered. Call it once, in main or in an init function,
// before the first channel makes a policy instance. Later, or a second time, it
// changes nothing and returns an error that says so; so it does if an option is
// not valid.
//
// It may be called from any goroutine. While it changes labels, Default is not in
// the registry for a moment; nothing has been counted by then.
func ConfigureDefault(opts ...Option) error {
	if err := configure(prometheus.DefaultRegisterer, defaultMetrics, opts); err != nil {
		return fmt.Errorf("metrics: configure default: %w", err)
	}
	return nil
}

// usage tells whether the options of a Metrics may still change.
type usage struct {
	// mu guards the fields below.
	mu         sync.Mutex
	inUse      bool // a policy instance was built
	configured bool
}

// use returns the options for a policy instance. They will not change any more.
func (m *Metrics) use() *options {
	m.usage.mu.Lock()
	defer m.usage.mu.Unlock()
	m.usage.inUse = true
	return m.options.Load()
}

// configure replaces the options of m. The registry, if m is in it, keeps
// collectors by their labels, so that m leaves it while these change.
func configure(r prometheus.Registerer, m *Metrics, opts []Option) error {
	o, err := newOptions(opts)
	if err != nil {
		return err
	}
	m.usage.mu.Lock()
	defer m.usage.mu.Unlock()
	switch {
	case m.usage.configured:
		return errors.New("it is configured already; give all options in one call")
	case m.usage.inUse:
		return errors.New("a channel uses it already; call ConfigureDefault before the first channel is made")
	}
	registered := r.Unregister(m)
	m.setOptions(o)
	m.usage.configured = true
	if registered {
		return r.Register(m)
	}
	return nil
}
