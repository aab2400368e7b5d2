package registered_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// A parent finds its child's endpoints in the child's picker, not in that of the
// decorator.
func TestAParentThatLooksIntoPickersMustBeNamed(t *testing.T) {
	t.Parallel()
	for policy, test := range map[string]struct {
		toLeader bool
		want     map[string]float64
	}{
		"named":   {true, map[string]float64{"named": rpcs}},
		"unnamed": {false, map[string]float64{"round_robin": rpcs}},
		// It was named, and then registered again.
		"registered_again": {false, map[string]float64{"round_robin": rpcs}},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
			servers := channeltest.StartServers(t, 3)
			c := connect(t, `{"loadBalancingConfig": [{"`+policy+`": {}}]}`, withLeader(servers.Endpoints(), 1))
			reached := servers.Addrs()
			if test.toLeader {
				reached = reached[1:2]
			}
			c.CallUntilReached(ctx, rpcs, reached...)
			before := channeltest.RPCsBy(t, "grpc_lb_policy", registry, c.Conn)
			call(ctx, t, c)
			got := channeltest.RPCsBy(t, "grpc_lb_policy", registry, c.Conn)
			for name := range got {
				got[name] -= before[name]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("RPCs by policy (-want +got):\n%s", diff)
			}
		})
	}
}
