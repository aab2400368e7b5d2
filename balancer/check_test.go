package balancer_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// TestPoliciesOfGRPCPass: what Check demands is what grpc-go's own policies do,
// as they are and metered.
//
// weighted_round_robin would have this module depend on xDS's messages. Without
// xDS the picks of ring_hash_experimental fail, unless its config names a header
// and the program's environment allows that. Policies with children, such as
// weighted_target, cannot do with an empty config.
func TestPoliciesOfGRPCPass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{pickfirst.Name, roundrobin.Name, leastrequest.Name} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, balancer.Get(name))
		})
		t.Run(name+" metered", func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, metrics.New(metrics.WithLatency()).Instrument(balancer.Get(name)))
		})
	}
}

// TestRegisteredPoliciesPass is about ours as their users have them: metered.
func TestRegisteredPoliciesPass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pick_first2", "round_robin2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, balancer.Get(name))
		})
	}
}
