package base2_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// TestPoliciesDoWhatGRPCCountsOn checks the examples of both kinds of policy: with a
// PickerBuilder and with a ListPickerBuilder.
func TestPoliciesDoWhatGRPCCountsOn(t *testing.T) {
	t.Parallel()
	for _, health := range []bool{false, true} {
		config := base.Config{HealthCheck: health}
		for name, b := range map[string]balancer.Builder{
			"map":  base2.NewBalancerBuilder("random2", func() base.PickerBuilder { return randomBuilder{} }, config),
			"list": base2.NewListBalancerBuilder("first2", func() base2.ListPickerBuilder { return firstBuilder{} }, config),
		} {
			if health {
				name += " with health checks"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				balancertest.Check(t, b)
			})
			t.Run(name+" metered", func(t *testing.T) {
				t.Parallel()
				balancertest.Check(t, metrics.New().Instrument(b))
			})
		}
	}
}
