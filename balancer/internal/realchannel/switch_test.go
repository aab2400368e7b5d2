package realchannel_test

import (
	"testing"

	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// TestNoRPCIsLostToASwitchOfThePolicy has the resolver change the policy, and the
// addresses with it, while RPCs are under way.
func TestNoRPCIsLostToASwitchOfThePolicy(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := channeltest.Dial(t, roundrobin.Name, all)
	c.CallUntilEven(ctx, 30, all.Addrs()...)

	steps := []struct {
		policy string
		to     channeltest.Servers
		served channeltest.Servers
	}{
		{roundrobin2.Name, all, all},
		{pickfirst2.Name, all[1:], all[1:2]},
		{roundrobin2.Name, all, all},
		{pickfirst2.Name, all, all[:1]},
		{roundrobin.Name, all[:2], all[:2]},
	}
	stop := c.Load(ctx)
	was := c
	for range 3 {
		for _, step := range steps {
			state := step.to.State()
			state.ServiceConfig = c.Resolver.CC().ParseServiceConfig(`{"loadBalancingConfig": [{"` + step.policy + `": {}}]}`)
			c.Update(state)
			// grpc_lb_policy_instances goes up for the new policy and down for the old one.
			is := c.As(step.policy)
			if step.policy != roundrobin.Name { // which has no metrics
				is.Await(ctx, "grpc_lb_policy_instances", 1)
			}
			was.Await(ctx, "grpc_lb_policy_instances", 0)
			is.CallUntilEven(ctx, 6, step.served.Addrs()...)
			was = is
		}
	}
	if sent, failed := stop(); len(failed) > 0 {
		t.Errorf("%d of %d RPCs failed; the last: %v", len(failed), sent, failed[len(failed)-1])
	}
	c.As(roundrobin2.Name).CheckPicksAddUp(all.Addrs()...)
	c.As(pickfirst2.Name).CheckPicksAddUp(all.Addrs()...)
}
