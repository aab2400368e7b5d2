package podchanges

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// Retention is how long the series of a pod stay after the pod has gone. It is short
// here so that the effect is visible. With a real Prometheus, keep the default of five
// minutes.
const Retention = 2 * time.Second

var registry = prometheus.NewPedanticRegistry()

func init() {
	meter := metrics.New(metrics.WithRetention(Retention))
	registry.MustRegister(meter)
	balancer.Register(meter.Instrument(roundrobin2.NewBuilder()))
}

// readSeries scrapes the series of round_robin2 for a target.
func readSeries(target string) (series.Policy, error) {
	return series.ReadPolicy(registry, target, roundrobin2.Name)
}
