// Package policies replaces grpc-go's own policies by metered ones. It has a service
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

// Registry has only the metrics of these policies.
var Registry = prometheus.NewRegistry()

// The import of a policy's package registers the policy. This init replaces it by a
// metered policy of the same name, so service configs need no change. gRPC has one
// registry for the whole process, so do this once, in an init function.
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
