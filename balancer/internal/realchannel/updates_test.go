package realchannel_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

func TestNoRPCIsLostToResolverUpdates(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 3)
		a, b, d := all[0], all[1], all[2]
		c := channeltest.Dial(t, policy, channeltest.Servers{a})
		c.CallUntilEven(ctx, 10, a.Addr)

		stop := c.Load(ctx)
		updates := []channeltest.Servers{
			{a, b},       // added
			{b, a},       // reordered
			{b, a, b, a}, // duplicates
			{b, d},       // removed and added
			{d},          // removed
			{a, b, d},    // added
		}
		for range 5 {
			for _, u := range updates {
				c.Update(u.State())
				for range 10 {
					if _, err := c.Call(ctx); err != nil {
						t.Errorf("RPC after update %v: %v", u.State(), err)
					}
				}
			}
			c.Resolver.CC().ReportError(errResolver)
		}
		wantNoFailures(t, stop)
		c.CheckPicksAddUp(all.Addrs()...)
	})
}

func TestNoAddressesAndBack(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 1)
		c := channeltest.Dial(t, policy, all)
		c.CallUntilEven(ctx, 10, all[0].Addr)

		c.Update(resolver.State{})
		_, err := c.Call(ctx)
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), policy+": ") || !strings.Contains(err.Error(), "produced zero addresses") {
			t.Errorf("RPC without addresses: %v, want Unavailable, the policy and the reason", err)
		}
		c.Resolver.CC().ReportError(errResolver)
		channeltest.Poll(ctx, func() bool { // the channel passes the error on asynchronously
			_, err = c.Call(ctx)
			return status.Code(err) != codes.Unavailable || strings.Contains(err.Error(), errResolver.Error())
		})
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), errResolver.Error()) {
			t.Errorf("RPC after a resolver error: %v, want Unavailable and the cause", err)
		}
		c.Update(all.State())
		if _, err := c.Call(ctx); err != nil {
			t.Errorf("RPC with addresses again: %v", err)
		}
	})
}
