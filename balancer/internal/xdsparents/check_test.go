package xdsparents_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/weightedroundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// weighted_round_robin is built on grpc-go's endpointsharding, which needs the
// exceptions.
func TestWeightedRoundRobinPassesTheCheck(t *testing.T) {
	exceptions := []balancertest.CheckOption{balancertest.ShutsDownFirst, balancertest.SerialExitIdle, balancertest.LostIsIdle}
	balancertest.Check(t, balancer.Get(weightedroundrobin.Name), exceptions...)
	t.Run("metered", func(t *testing.T) {
		balancertest.Check(t, metrics.New().Instrument(balancer.Get(weightedroundrobin.Name)), exceptions...)
	})
}
