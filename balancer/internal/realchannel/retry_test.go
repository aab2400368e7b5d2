package realchannel_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// withRetries has the channel try RPCs again that are UNAVAILABLE.
func withRetries(policy string) grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{
		"loadBalancingConfig": [{"` + policy + `": {}}],
		"methodConfig": [{
			"name": [{"service": "` + probeService + `"}],
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
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 2, func(i int, s *server) {
		if i == 0 {
			s.probe.onCall = func(context.Context) error { return status.Error(codes.Unavailable, "out of order") }
		}
	})
	bad, good := all[0].addr, all[1].addr
	c := dialServers(t, roundrobin2.Name, all, withRetries(roundrobin2.Name))
	c.conn.Connect()
	for _, s := range all {
		c.await(ctx, "grpc_lb_backend_ready "+s.addr, 1)
	}
	const rpcs = 20
	for range rpcs {
		if addr, err := c.call(ctx); err != nil || addr != good {
			t.Errorf("RPC went to %q, %v; want a retry to lead to %s", addr, err, good)
		}
	}
	if got := c.value("grpc_lb_rpcs_total OK " + good); got != rpcs {
		t.Errorf("%v RPC attempts succeeded, want %d", got, rpcs)
	}
	// Between two that succeed there is one that fails, as it is in turn.
	if got := c.value("grpc_lb_rpcs_total Unavailable " + bad); got != rpcs && got != rpcs-1 {
		t.Errorf("%v RPC attempts failed, want %d or one less", got, rpcs)
	}
	c.checkLaw(all.backends()...)
}

func TestAnRPCWhoseServerDiesIsRetriedOnAnother(t *testing.T) {
	t.Parallel()
	for _, policy := range bothPolicies {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			arrived := make(chan struct{})
			all := startServers(t, 2, func(i int, s *server) {
				if i == 0 {
					s.probe.onCall = func(ctx context.Context) error {
						arrived <- struct{}{}
						<-ctx.Done() // the connection is lost
						return ctx.Err()
					}
				}
			})
			c := dialServers(t, policy, all, withRetries(policy))
			done := make(chan struct{})
			for killed := false; !killed; <-done { // until it was the first server's turn
				go func() {
					if addr, err := c.call(ctx); err != nil || addr != all[1].addr {
						t.Errorf("RPC ended at %q, %v; want %s", addr, err, all[1].addr)
					}
					done <- struct{}{}
				}()
				select {
				case <-arrived:
					all[0].kill()
					killed = true
				case <-done:
					go func() { done <- struct{}{} }()
				}
			}
			if got := c.value("grpc_lb_rpcs_total Unavailable " + all[0].addr); got != 1 {
				t.Errorf("%v RPC attempts failed at the server that died, want 1", got)
			}
			c.checkLaw(all.backends()...)
		})
	}
}
