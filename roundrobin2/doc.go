// Package roundrobin2 is the load-balancing policy round_robin2: RPCs go to the
// READY endpoints in turn, as grpc-go's round_robin sends them:
//
//	{"loadBalancingConfig": [{"round_robin2": {}}]}
//
// Importing the package does not register the policy. Programs usually import the
// package balancer, which registers every policy of the module with metrics.
// Others register what [NewBuilder] returns.
//
// It differs in a few things, on purpose, which [differences] lists. The rotation survives
// changes: when endpoints come and go, the others keep their order, and the rotation goes
// on where it was. An endpoint that reconnects gets its old place. In grpc-go's
// round_robin each change restarts the rotation at a random endpoint. Here only the first
// start is random.
//
// # Asking the resolver again
//
// gRPC asks its DNS resolver when a channel starts, and again only when a connection is
// lost or cannot be made. While all connections last, a client does not learn of new
// endpoints. With resolveEvery the policy asks for an update at intervals:
//
//	{"loadBalancingConfig": [{"round_robin2": {"resolveEvery": "60s"}}]}
//
// The value is a number of seconds, at least "1s". Without the field the policy does not
// ask, which is the default for three reasons: each client asks the DNS server, most other
// resolvers send updates by themselves, and grpc-go's round_robin does not ask either.
//
//   - The first request comes one to two intervals after the config, and each later one 1
//     to 1.1 intervals after the one before, at random. So clients that start together do
//     not ask together.
//   - The policy only asks; the resolver decides when it answers. gRPC's DNS resolver looks
//     up at most every 30 s ([dns.SetMinResolutionInterval]), so a shorter interval has no
//     more effect than "30s". Resolvers that watch, such as those of etcd and xDS, take no
//     notice. In an xDS channel only clusters of the type LOGICAL_DNS look up again.
//   - Updates that come for other reasons do not change when the policy asks.
//   - A channel that is idle does not ask: gRPC closes its policy.
//   - An answer that changes nothing leaves connections and the rotation alone.
//
// The metric grpc_lb_resolver_updates_total counts the answers.
//
// # Implementation
//
// The policy is a [base2.Policy]. The package base2 does the rest: connections, states, health checks, errors.
//
// [differences]: https://github.com/grpc-balancer2/balancer2/blob/HEAD/balancer/README.md#what-differs-from-grpc-gos
// [dns.SetMinResolutionInterval]: https://pkg.go.dev/google.golang.org/grpc/resolver/dns#SetMinResolutionInterval
package roundrobin2
