package realchannel_test

import (
	"testing"

	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// The resolver changes the policy and the addresses while RPCs are in flight.
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
	previous := c
	for range 3 {
		for _, step := range steps {
			state := step.to.State()
			state.ServiceConfig = c.Resolver.CC().ParseServiceConfig(`{"loadBalancingConfig": [{"` + step.policy + `": {}}]}`)
			c.Update(state)
			// grpc_lb_policy_instances rises for the new policy and falls for the old one.
			current := c.As(step.policy)
			if step.policy != roundrobin.Name { // it has no metrics
				current.Await(ctx, "grpc_lb_policy_instances", 1)
			}
			previous.Await(ctx, "grpc_lb_policy_instances", 0)
			current.CallUntilEven(ctx, 6, step.served.Addrs()...)
			previous = current
		}
	}
	wantNoFailures(t, stop)
	c.As(roundrobin2.Name).CheckPicksAddUp(all.Addrs()...)
	c.As(pickfirst2.Name).CheckPicksAddUp(all.Addrs()...)
}
