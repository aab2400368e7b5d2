package calls

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
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

// newMeter returns the default one. With -retention it makes another, and replaces
// the policies that were registered at the start of the program by ones that
// report to it.
//
// gRPC's registry of policies has no lock, so nobody may make a channel meanwhile.
// A real program registers policies in an init function; this one has to read its
// flags first.
func newMeter(flags *cli.Flags) meter {
	if !flags.Given("retention") {
		return meter{
			metrics:    metrics.Default(),
			registerer: prometheus.DefaultRegisterer,
			gatherer:   prometheus.DefaultGatherer,
		}
	}
	m := metrics.New(metrics.WithRetention(flags.Retention))
	balancer.Register(m.Instrument(pickfirst2.NewBuilder()))
	balancer.Register(m.Instrument(roundrobin2.NewBuilder()))

	registry := prometheus.NewRegistry()
	registry.MustRegister(m,
		// The default registry has these too.
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return meter{metrics: m, registerer: registry, gatherer: registry}
}
