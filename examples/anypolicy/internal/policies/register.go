// Package policies registers grpc-go's own policies again, metered, and knows
// the service config that selects each.
package policies

import (
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/ringhash"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/balancer/weightedroundrobin"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Registry has the metrics of all policies here, and nothing else.
var Registry = prometheus.NewRegistry()

// The import of a policy's package registers it; registered again, metered, it
// keeps its name, so that service configs stay as they are. The registry is
// gRPC's, for the whole process: a program does this once, before its first
// channel.
func init() {
	m := metrics.New()
	Registry.MustRegister(m)
	for _, name := range []string{
		pickfirst.Name,
		roundrobin.Name,
		weightedroundrobin.Name,
		ringhash.Name,
		leastrequest.Name,
	} {
		balancer.Register(m.Instrument(balancer.Get(name)))
	}
}
