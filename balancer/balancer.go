// Package balancer registers the load-balancing policies of this module with gRPC.
// Import it for this effect:
//
//	import _ "github.com/grpc-balancer2/balancer2/balancer"
//
// A service config can then select pick_first2 and round_robin2. Both report to
// [metrics.Default], which registers itself with Prometheus's default registerer. With
// thousands of backends, have it gathered instead: see [metrics.Metrics.Gather].
//
// No other package of the module registers a policy. A program that meters the
// policies with metrics of its own, or not at all, imports their packages instead
// and registers what [pickfirst2.NewBuilder] and [roundrobin2.NewBuilder] return.
package balancer

import (
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func init() {
	balancer.Register(metrics.Default().Instrument(pickfirst2.NewBuilder()))
	balancer.Register(metrics.Default().Instrument(roundrobin2.NewBuilder()))
}
