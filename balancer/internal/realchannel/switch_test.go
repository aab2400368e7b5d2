package realchannel_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// TestNoRPCIsLostToASwitchOfThePolicy has the resolver change its mind about the
// policy, and about the addresses with it, while RPCs are under way.
func TestNoRPCIsLostToASwitchOfThePolicy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3)
	b := all.backends()
	c := dialServers(t, roundrobin.Name, all)
	c.callsUntil(ctx, 30, b...)

	steps := []struct {
		policy string
		to     []*backend
		served []*backend
	}{
		{roundrobin2.Name, b, b},
		{pickfirst2.Name, b[1:], b[1:2]},
		{roundrobin2.Name, b, b},
		{pickfirst2.Name, b, b[:1]},
		{roundrobin.Name, b[:2], b[:2]},
	}
	stop := c.load(ctx)
	was := c
	for range 3 {
		for _, step := range steps {
			state := addressesOf(step.to...)
			state.ServiceConfig = c.resolver.CC().ParseServiceConfig(`{"loadBalancingConfig": [{"` + step.policy + `": {}}]}`)
			c.update(state)
			// The law of the metrics: one policy's channel opens, the other's closes.
			is := c.as(step.policy)
			if step.policy != roundrobin.Name { // which has no metrics
				is.await(ctx, "grpc_lb_channels", 1)
			}
			was.awaitNone(ctx, "grpc_lb_channels")
			is.callsUntil(ctx, 6, step.served...)
			was = is
		}
	}
	if sent, failed := stop(); len(failed) > 0 {
		t.Errorf("%d of %d RPCs failed; the last: %v", len(failed), sent, failed[len(failed)-1])
	}
	c.as(roundrobin2.Name).checkLaw(b...)
	c.as(pickfirst2.Name).checkLaw(b...)
}
