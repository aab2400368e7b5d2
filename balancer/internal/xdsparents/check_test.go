package xdsparents_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/weightedroundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestWeightedRoundRobinPassesTheCheck(t *testing.T) {
	balancertest.Check(t, balancer.Get(weightedroundrobin.Name))
	t.Run("metered", func(t *testing.T) {
		balancertest.Check(t, metrics.New().Instrument(balancer.Get(weightedroundrobin.Name)))
	})
}
