package metrics

import (
	"errors"
	"fmt"
	"sync"
)

// ConfigureDefault sets the options of [Default], which policies report to that a
// blank import has registered. Call it once, in main or in an init function,
// before the first channel makes a policy instance. Later, or a second time, it
// changes nothing and returns an error that says so; so it does if an option is
// not valid. It may be called from any goroutine.
func ConfigureDefault(opts ...Option) error {
	if err := defaultMetrics.configure(opts); err != nil {
		return fmt.Errorf("metrics: configure default: %w", err)
	}
	return nil
}

// usage tells whether the options of a Metrics may still change.
type usage struct {
	begins func() // called when it is used first; may be nil

	// mu guards the fields below.
	mu         sync.Mutex
	begun      bool // a policy instance is being built, or was
	configured bool
}

// use returns the options for a policy instance. They never change from then on.
func (m *Metrics) use() *options {
	o, first := m.beginUse()
	if first && m.usage.begins != nil {
		m.usage.begins()
	}
	return o
}

func (m *Metrics) beginUse() (o *options, first bool) {
	m.usage.mu.Lock()
	defer m.usage.mu.Unlock()
	first = !m.usage.begun
	m.usage.begun = true
	return m.options.Load(), first
}

// configure replaces the options.
func (m *Metrics) configure(opts []Option) error {
	o, err := newOptions(opts)
	if err != nil {
		return err
	}
	m.usage.mu.Lock()
	defer m.usage.mu.Unlock()
	switch {
	case m.usage.configured:
		return errors.New("it is configured already; give all options in one call")
	case m.usage.begun:
		return errors.New("a channel uses it already; call ConfigureDefault before the first channel is made")
	}
	m.setOptions(o)
	m.usage.configured = true
	return nil
}
