package metrics

import (
	"errors"
	"fmt"
	"sync"
)

// ConfigureDefault sets the options of [Default], to which the policies of this module
// report if a blank import registers them. Call it once, in main or in an init
// function, before the first channel builds a policy instance. If it is called too
// late or a second time, or if an option is not valid, it changes nothing and returns
// an error. It may be called from any goroutine.
func ConfigureDefault(opts ...Option) error {
	if err := defaultMetrics.configure(opts); err != nil {
		return fmt.Errorf("metrics: configure default: %w", err)
	}
	return nil
}

// usage tells whether the options of a Metrics may still change.
type usage struct {
	begins func() // called when it is used first, unless WithoutRegistration; may be nil

	// mu guards the fields below. Nothing is called under it.
	mu         sync.Mutex
	begun      bool // a policy instance is being built, or was
	configured bool
}

// use returns the options for a policy instance. They never change from then on.
func (m *Metrics) use() *options {
	o, first := m.beginUse()
	if first && m.usage.begins != nil && !o.unregistered {
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
	m.options.Store(o)
	m.usage.configured = true
	return nil
}
