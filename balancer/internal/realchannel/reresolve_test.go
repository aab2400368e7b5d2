package realchannel_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/balancer/randomsubsetting" // registers random_subsetting_experimental
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// A server is added, no connection is lost, and the resolver says nothing unless it is
// asked: so are DNS and new pods.
func TestANewServerIsFoundBecauseThePolicyAsks(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := channeltest.NewClient(t, roundrobin2.Name, "")
	c.Resolver.InitialState(all[:2].State())
	asked := make(chan struct{}, 1)
	c.Resolver.ResolveNowCallback = func(resolver.ResolveNowOptions) {
		select {
		case asked <- struct{}{}:
		default:
		}
	}
	c.Connect(channeltest.WithTLS(t), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin2": {"resolveEvery": "1s"}}]}`))
	c.CallUntilEven(ctx, 30, all[:2].Addrs()...)
	for _, answer := range []channeltest.Servers{all[:2], all} {
		select {
		case <-asked:
		case <-ctx.Done():
			t.Fatal("the resolver was not asked")
		}
		c.Update(answer.State())
	}
	c.CallUntilEven(ctx, 30, all.Addrs()...)
	c.Await(ctx, "grpc_lb_resolver_updates_total ok", 3) // the answers count
	for _, addr := range all.Addrs() {
		if lost := c.Value("grpc_lb_disconnections_total " + addr); lost != 0 {
			t.Errorf("%v connections to %s were lost, want none", lost, addr)
		}
	}
}

// withResolveEvery selects round_robin2, also inside a policy that marshals its config.
var withResolveEvery = map[string]string{
	"alone":  `{"loadBalancingConfig": [{"round_robin2": {"resolveEvery": "30s"}}]}`,
	"inside": `{"loadBalancingConfig": [{"random_subsetting_experimental": {"subsetSize": 2, "childPolicy": [{"round_robin2": {"resolveEvery": "30s"}}]}}]}`,
}

// gRPC closes the policy of an idle channel.
func TestTheResolverIsAskedWhileTheChannelIsNotIdle(t *testing.T) {
	t.Parallel()
	for name, config := range withResolveEvery {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour)
				defer cancel()
				all := startPipeServers(t, 2)
				var asked atomic.Int32
				c := dialPipes(t, roundrobin2.Name, all, grpc.WithDefaultServiceConfig(config), grpc.WithIdleTimeout(10*time.Minute))
				c.Resolver.ResolveNowCallback = func(resolver.ResolveNowOptions) { asked.Add(1) }
				for range 2 {
					c.CallUntilEven(ctx, 10, addrsOf(all)...)
					before := asked.Load()
					time.Sleep(9 * time.Minute)
					if got := asked.Load() - before; got < 540/33-1 || got > 540/30 {
						t.Errorf("the resolver was asked %d times in nine minutes, want once for each 30 to 33 s", got)
					}
					time.Sleep(2 * time.Minute)
					before = asked.Load()
					time.Sleep(24 * time.Hour)
					if got := asked.Load() - before; got != 0 {
						t.Errorf("the resolver of the idle channel was asked %d times, want never", got)
					}
				}
			})
		})
	}
}
