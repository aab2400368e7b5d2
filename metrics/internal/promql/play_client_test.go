package promql_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// playClient is a client process in a play, from its start to its end.
type playClient struct {
	t        *testing.T
	instance string
	settings clientSettings
	registry *prometheus.Registry
	channels []*playChannel
	addrs    []string // of its last result of name resolution
	fails    bool     // its resolver
}

func newPlayClient(t *testing.T, s *stage, instance string, settings clientSettings) *playClient {
	m := metrics.New(settings.options...)
	c := &playClient{t: t, instance: instance, settings: settings, registry: prometheus.NewPedanticRegistry()}
	c.registry.MustRegister(m)
	for i := range settings.channels {
		target := settings.target
		if i > 0 {
			target = fmt.Sprint(target, i)
		}
		c.channels = append(c.channels, newPlayChannel(t, s, m.Instrument(s.builderOf(settings.policy)), target))
	}
	return c
}

func (c *playClient) resolve(addrs ...string) {
	c.t.Helper()
	c.addrs = addrs
	if c.fails {
		return
	}
	for _, ch := range c.channels {
		ch.resolve(addrs)
	}
	c.connect()
}

// setResolver has the resolver fail, or succeed again.
func (c *playClient) setResolver(works bool) {
	c.fails = !works
	if works {
		c.resolve(c.addrs...)
	}
}

// connect does what gRPC does by itself, see playChannel.
func (c *playClient) connect() {
	for _, ch := range c.channels {
		ch.connect(c.settings.idle)
	}
}

// second sends the RPCs of a second, after it has ended those that are over.
func (c *playClient) second() {
	for _, ch := range c.channels {
		ch.second(c.settings)
		if c.fails {
			ch.failToResolve()
		}
	}
}

// gather returns the client's page.
func (c *playClient) gather() []*dto.MetricFamily {
	families, err := c.registry.Gather()
	if err != nil {
		c.t.Fatalf("gather: %v", err)
	}
	return families
}
