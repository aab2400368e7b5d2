// Package roundrobin2 is the load-balancing policy round_robin2: RPCs go to the
// READY endpoints in turn. It behaves as grpc-go's round_robin does:
//
//	{"loadBalancingConfig": [{"round_robin2": {}}]}
//
// Importing the package does not register the policy. Programs usually import the
// package balancer, which registers every policy of the module with metrics.
// Others register what [NewBuilder] returns.
//
// There is one difference: the rotation survives changes. When endpoints come and
// go, the others keep their order, and the rotation goes on where it was. An endpoint
// that reconnects gets its old place. In grpc-go's round_robin each change restarts
// the rotation at a random endpoint. Here only the first start is random.
//
// The policy is a [base2.Policy]. The package base2 does the rest: connections, states, health checks, errors.
package roundrobin2
