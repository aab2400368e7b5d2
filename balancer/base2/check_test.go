package base2_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// TestPoliciesDoWhatGRPCCountsOn checks the examples, each of which uses another part
// of the package.
func TestPoliciesDoWhatGRPCCountsOn(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]balancer.Builder{
		"PickerBuilder":                       base2.NewBalancerBuilder("first2", func() base.PickerBuilder { return randomBuilder{} }),
		"PickerBuilder without health checks": base2.NewBalancerBuilder("first2", func() base.PickerBuilder { return randomBuilder{} }, base2.WithoutHealthChecks()),
		"Ready":                               readyBuilder("first2", first),
		"Ready without health checks":         readyBuilder("first2", first, base2.WithoutHealthChecks()),
		"every state":                         base2.New("first2", newFirstListed, base2.WithEveryState()),
		"with a timer":                        base2.New("nagging", newNagging, base2.WithEveryState()),
		"with a goroutine":                    base2.New("drained", newDrained(nil)),
		"on request":                          base2.New("first2", newFirstListed, base2.WithConnectOnRequest()),
	} {
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
