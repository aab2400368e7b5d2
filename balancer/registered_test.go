package balancer_test

import (
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// TestThePolicyIsChosenByServiceConfig shows that their series are scraped.
func TestTheImportRegistersBothPoliciesMeteredByDefault(t *testing.T) {
	t.Parallel()
	for _, name := range []string{pickfirst2.Name, roundrobin2.Name} {
		b := balancer.Get(name)
		if b == nil {
			t.Errorf("%s is not registered", name)
			continue
		}
		if b.Name() != name {
			t.Errorf("the policy registered as %s has the name %s", name, b.Name())
		}
		if again := metrics.Default().Instrument(b); again != b { // what is metered already is returned as it is
			t.Errorf("%s is not metered by the default metrics", name)
		}
	}
}
