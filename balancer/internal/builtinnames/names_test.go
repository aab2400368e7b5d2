package builtinnames_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
)

// TestTheBuiltInNamesSelectThesePolicies has the ways by which programs come to
// a built-in policy, and tells by the metrics which policy it was.
func TestTheBuiltInNamesSelectThesePolicies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, config, policy string
		want                 int // of three servers
	}{
		{"empty service config", `{}`, pickfirst.Name, 1},
		{"pick first by config", `{"loadBalancingConfig": [{"pick_first": {"shuffleAddressList": false}}]}`, pickfirst.Name, 1},
		{"round robin by config", `{"loadBalancingConfig": [{"no_such_policy": {}}, {"round_robin": {}}]}`, roundrobin.Name, 3},
		{"round robin by config without fields", `{"loadBalancingConfig": [{"round_robin": ""}]}`, roundrobin.Name, 3},
		{"round robin by policy", `{"loadBalancingPolicy": "round_robin"}`, roundrobin.Name, 3},
		{"unknown policy", `{"loadBalancingPolicy": "no_such_policy"}`, pickfirst.Name, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			all := startServers(t, 3)
			c := dial(t, test.config, all...)
			const rpcs = 30
			got := c.callsReach(ctx, rpcs, all[:test.want]...)
			counted := c.series(test.policy, "grpc_lb_rpcs_total")
			for _, s := range all[:test.want] {
				if n := counted[s.addr+" OK"]; n < float64(got[s.addr]) || n == 0 {
					t.Errorf("%s: %v RPCs counted for %s, of %d", s.addr, n, test.policy, got[s.addr])
				}
			}
		})
	}
}

func TestUnderABuiltInNameAKilledServerIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3)
	c := dial(t, `{"loadBalancingConfig": [{"round_robin": {}}]}`, all...)
	c.callsReach(ctx, 30, all...)
	all[1].kill()
	c.callsReach(ctx, 30, all[0], all[2])
	all[1].start()
	c.callsReach(ctx, 30, all...)
	for addr, n := range c.callsReach(ctx, 30, all...) {
		if n != 10 {
			t.Errorf("%d of 30 RPCs went to %s, want them in turn", n, addr)
		}
	}
}
