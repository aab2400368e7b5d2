// Package policies registers grpc-go's own policies again, metered, and has a service
// config for each.
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

// Registry has the metrics of these policies and nothing else.
var Registry = prometheus.NewRegistry()

// Importing a policy's package registers the policy. This replaces it by a metered one
// of the same name, so service configs need no change. gRPC's registry is for the
// whole process: do this once, in an init function.
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
