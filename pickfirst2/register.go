package pickfirst2

import (
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the name by which a service config selects the policy.
const Name = "pick_first2"

// ServiceConfig is a service config that selects the policy, for
// [grpc.WithDefaultServiceConfig]. gRPC takes a mistyped name for another policy,
// or for none, and does not always say so.
//
// [grpc.WithDefaultServiceConfig]: https://pkg.go.dev/google.golang.org/grpc#WithDefaultServiceConfig
const ServiceConfig = `{"loadBalancingConfig": [{"` + Name + `": {}}]}`

func init() {
	balancer.Register(metrics.Default().Instrument(NewBuilder()))
}

// NewBuilder returns the policy without metrics. It is for programs that meter
// it with a Metrics of their own, and for policies that use it as their child:
// the SubConns of a child are metered by the decorator around its parent.
func NewBuilder() balancer.Builder { return builder{} }
