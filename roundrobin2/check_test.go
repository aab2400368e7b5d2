package roundrobin2_test

import (
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestDoesWhatGRPCCountsOn(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]balancer.Builder{
		"bare":    roundrobin2.NewBuilder(),
		"metered": metrics.New(metrics.WithLatency()).Instrument(roundrobin2.NewBuilder()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, b)
			t.Run("asking the resolver", func(t *testing.T) {
				t.Parallel()
				balancertest.Check(t, b, balancertest.ConfigFields(every30s))
			})
		})
	}
}
