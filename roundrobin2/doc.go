// Package roundrobin2 is the load-balancing policy round_robin2: RPCs go to the
// READY endpoints in turn. It behaves as grpc-go's round_robin does:
//
//	{"loadBalancingConfig": [{"round_robin2": {}}]}
//
// Importing the package registers the policy, metered by [metrics.Default].
// Programs usually import the package balancer, which registers every policy of
// the module.
//
// One thing it does better: the rotation survives changes. When endpoints come
// and go, those that stay keep their order, and the turn is kept; one that loses
// its connection and makes another has its old place. grpc-go's round_robin
// starts anew at a random endpoint on each change. The first start is random
// here too.
//
// The policy is a [base2.ListPickerBuilder] on the package base2, which has
// everything else: connections, states, health checks, errors.
package roundrobin2
