// Package balancer registers the load-balancing policies of this module with gRPC.
// Import it for this effect:
//
//	import _ "github.com/grpc-balancer2/balancer2/balancer"
//
// A service config can then select pick_first2 and round_robin2. Both report to
// [metrics.Default], which is registered with Prometheus's default registerer.
//
// [metrics.Default]: https://pkg.go.dev/github.com/grpc-balancer2/balancer2/metrics#Default
package balancer

import (
	_ "github.com/grpc-balancer2/balancer2/pickfirst2"  // registers pick_first2
	_ "github.com/grpc-balancer2/balancer2/roundrobin2" // registers round_robin2
)
