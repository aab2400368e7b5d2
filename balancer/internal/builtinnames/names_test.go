package builtinnames_test

import (
	"testing"

	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// The metrics show which policy each service config has selected.
func TestTheBuiltInNamesSelectThesePolicies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, config, policy string
		want                 int // the number of servers, of three, that get RPCs
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
			ctx := channeltest.Context(t)
			all := channeltest.StartServers(t, 3)
			c := dial(t, test.policy, test.config, all)
			const rpcs = 30
			got := c.CallUntilReached(ctx, rpcs, all.Addrs()[:test.want]...)
			counted := c.Series()
			for _, s := range all[:test.want] {
				if n := counted["grpc_lb_rpc_attempts_total "+s.Addr+" OK"]; n < float64(got[s.Addr]) || n == 0 {
					t.Errorf("%s: %v RPCs counted for %s, want %d or more", s.Addr, n, test.policy, got[s.Addr])
				}
			}
		})
	}
}

func TestUnderABuiltInNameAKilledServerIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := dial(t, roundrobin.Name, `{"loadBalancingConfig": [{"round_robin": {}}]}`, all)
	c.CallUntilReached(ctx, 30, all.Addrs()...)
	checkKilledServerIsLeftOut(ctx, c, all, 1)
	for addr, n := range c.CallUntilReached(ctx, 30, all.Addrs()...) {
		if n != 10 {
			t.Errorf("%d of 30 RPCs went to %s, want them in turn", n, addr)
		}
	}
}
