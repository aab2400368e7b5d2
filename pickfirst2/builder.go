package pickfirst2

import "google.golang.org/grpc/balancer"

// Name is the name by which a service config selects the policy.
const Name = "pick_first2"

// ServiceConfig is a service config that selects the policy, for
// [grpc.WithDefaultServiceConfig]. With a mistyped name gRPC may use another policy
// without an error; the constant prevents that.
//
// [grpc.WithDefaultServiceConfig]: https://pkg.go.dev/google.golang.org/grpc#WithDefaultServiceConfig
const ServiceConfig = `{"loadBalancingConfig": [{"` + Name + `": {}}]}`

// NewBuilder returns a builder of the policy without metrics. It is for programs
// that meter the policy with their own Metrics, or not at all, and for policies that
// use it as their child: the decorator around the parent meters the child's
// SubConns.
func NewBuilder() balancer.Builder { return builder{} }
