package realchannel_test

import (
	"context"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// After a lost connection or a failed attempt, the policies need not ask the resolver for
// an update: in grpc-go the SubConns do.
func TestTheResolverIsAskedAfterEachLossAndFailure(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		all := channeltest.StartServers(t, 1)
		c := channeltest.Dial(t, policy, all)
		var asked atomic.Int32
		c.Resolver.ResolveNowCallback = func(resolver.ResolveNowOptions) { asked.Add(1) }
		wantMore := func(after string, than int32) {
			t.Helper()
			if !channeltest.Poll(ctx, func() bool { return asked.Load() > than }) {
				t.Errorf("after %s the resolver was asked %d times, want more than %d", after, asked.Load(), than)
			}
		}
		c.Conn.Connect()
		c.AwaitState(ctx, connectivity.Ready)
		if got := asked.Load(); got != 0 {
			t.Errorf("the resolver was asked %d times before any failure, want 0", got)
		}
		all[0].GoAway()
		wantMore("a loss", 0)
		if policy == pickfirst2.Name {
			c.AwaitState(ctx, connectivity.Idle)
			c.Conn.Connect()
		}
		c.AwaitState(ctx, connectivity.Ready)
		if got := asked.Load(); got != 1 {
			t.Errorf("after one loss the resolver was asked %d times, want 1", got)
		}
		all[0].Kill()
		if policy == pickfirst2.Name {
			c.AwaitState(ctx, connectivity.Idle)
			c.Conn.Connect()
		}
		c.AwaitState(ctx, connectivity.TransientFailure)
		for range 3 {
			wantMore("a failure", asked.Load())
		}
	})
}
