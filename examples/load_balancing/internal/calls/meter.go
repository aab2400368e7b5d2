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

// meter is the Metrics of the policies, and the registry that serves them.
type meter struct {
	metrics    *metrics.Metrics
	registerer prometheus.Registerer
	gatherer   prometheus.Gatherer
}

// newMeter returns the default meter. With -retention it makes another one. It then
// replaces the registered policies by policies that report to the new meter.
//
// gRPC's registry of policies has no lock, so no channel may be made at the same
// time. A real program registers policies in an init function. This one must read
// its flags first.
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
