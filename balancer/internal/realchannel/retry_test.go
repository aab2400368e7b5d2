package realchannel_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// withRetries makes the channel retry RPCs that fail with UNAVAILABLE.
func withRetries(policy string) grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{
		"loadBalancingConfig": [{"` + policy + `": {}}],
		"methodConfig": [{
			"name": [{"service": "` + channeltest.ProbeService + `"}],
			"retryPolicy": {
				"maxAttempts": 5,
				"initialBackoff": "0.01s",
				"maxBackoff": "0.05s",
				"backoffMultiplier": 2,
				"retryableStatusCodes": ["UNAVAILABLE"]
			}
		}]
	}`)
}

func TestARetryGoesToTheNextEndpoint(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 2, func(i int, s *channeltest.Server) {
		if i == 0 {
			s.Probe.OnCall = func(context.Context) error { return status.Error(codes.Unavailable, "out of order") }
		}
	})
	bad, good := all[0].Addr, all[1].Addr
	c := channeltest.Dial(t, roundrobin2.Name, all, withRetries(roundrobin2.Name))
	c.Conn.Connect()
	for _, s := range all {
		c.Await(ctx, "grpc_lb_ready_subchannels "+s.Addr, 1)
	}
	const rpcs = 20
	for range rpcs {
		if addr, err := c.Call(ctx); err != nil || addr != good {
			t.Errorf("RPC went to %q, %v; want a retry at %s", addr, err, good)
		}
	}
	if got := c.Value("grpc_lb_rpc_attempts_total " + good + " OK"); got != rpcs {
		t.Errorf("%v RPC attempts succeeded, want %d", got, rpcs)
	}
	// Attempts alternate between the two servers. If the first attempt succeeds, there
	// is one failure less than there are RPCs.
	if got := c.Value("grpc_lb_rpc_attempts_total " + bad + " UNAVAILABLE"); got != rpcs && got != rpcs-1 {
		t.Errorf("%v RPC attempts failed, want %d or one less", got, rpcs)
	}
	c.CheckPicksAddUp(all.Addrs()...)
}

func TestAnRPCWhoseServerDiesIsRetriedOnAnother(t *testing.T) {
	t.Parallel()
	forBothPolicies(t, func(ctx context.Context, t *testing.T, policy string) {
		arrived := make(chan struct{})
		all := channeltest.StartServers(t, 2, func(i int, s *channeltest.Server) {
			if i == 0 {
				s.Probe.OnCall = func(ctx context.Context) error {
					arrived <- struct{}{}
					<-ctx.Done() // the connection is lost
					return ctx.Err()
				}
			}
		})
		c := channeltest.Dial(t, policy, all, withRetries(policy))
		done := make(chan struct{})
		for killed := false; !killed; <-done { // until an RPC reaches the first server
			go func() {
				if addr, err := c.Call(ctx); err != nil || addr != all[1].Addr {
					t.Errorf("RPC ended at %q, %v; want %s", addr, err, all[1].Addr)
				}
				done <- struct{}{}
			}()
			select {
			case <-arrived:
				all[0].Kill()
				killed = true
			case <-done:
				go func() { done <- struct{}{} }()
			}
		}
		if got := c.Value("grpc_lb_rpc_attempts_total " + all[0].Addr + " UNAVAILABLE"); got != 1 {
			t.Errorf("%v RPC attempts failed at the server that died, want 1", got)
		}
		c.CheckPicksAddUp(all.Addrs()...)
	})
}
