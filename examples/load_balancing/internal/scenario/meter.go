package scenario

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// meter is what the policies report to, and where it can be read.
type meter struct {
	metrics    *metrics.Metrics
	registerer prometheus.Registerer
	gatherer   prometheus.Gatherer
}

// meter returns the one that the flags ask for. It is called before the first
// channel is made.
func (f *flags) meter() meter {
	if f.given["retention"] {
		return newMeter(f.retention)
	}
	return meter{
		metrics:    metrics.Default,
		registerer: prometheus.DefaultRegisterer,
		gatherer:   prometheus.DefaultGatherer,
	}
}

// newMeter makes a meter and has the policies report to it, which replaces the
// ones that were registered when the program started.
//
// gRPC's registry of policies has no lock, so nobody may be making a channel
// meanwhile. A program of one's own does this in an init function; here the
// flags come first.
func newMeter(retention time.Duration) meter {
	m := metrics.New(metrics.WithRetention(retention))
	balancer.Register(m.Instrument(pickfirst2.NewBuilder()))
	balancer.Register(m.Instrument(roundrobin2.NewBuilder()))

	registry := prometheus.NewRegistry()
	registry.MustRegister(m,
		// The default registry has these too.
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return meter{metrics: m, registerer: registry, gatherer: registry}
}
