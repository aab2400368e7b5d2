package channeltest

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
)

// Workers is the number of goroutines that Load uses, and so the maximum number of
// RPCs in flight.
const Workers = 8

// Call sends one RPC and returns the address of the server that answered.
func (c *Client) Call(ctx context.Context, opts ...grpc.CallOption) (addr string, err error) {
	var p peer.Peer
	var in healthpb.HealthCheckRequest
	var out healthpb.HealthCheckResponse
	if err := c.Conn.Invoke(ctx, "/"+ProbeService+"/Check", &in, &out, append(opts, grpc.Peer(&p))...); err != nil {
		return "", err
	}
	return p.Addr.String(), nil
}

// CallAll sends n RPCs and returns how many each address answered. It fails the test
// for each RPC that fails.
func (c *Client) CallAll(ctx context.Context, n int) map[string]int {
	c.t.Helper()
	got := map[string]int{}
	for range n {
		addr, err := c.Call(ctx)
		if err != nil {
			c.t.Errorf("RPC: %v", err)
		}
		got[addr]++
	}
	return got
}

// CallUntilEven sends RPCs in batches of n, until a whole batch has succeeded and
// each wanted address got the same number of its RPCs. In the batches before, RPCs
// may fail or go elsewhere.
func (c *Client) CallUntilEven(ctx context.Context, n int, want ...string) {
	c.t.Helper()
	c.callUntil(ctx, n, want, func(got int) bool { return got == n/len(want) })
}

// CallUntilReached sends RPCs in batches of n, until a whole batch has succeeded and
// has reached all wanted addresses and no other. It returns how many RPCs of this
// batch each address got.
func (c *Client) CallUntilReached(ctx context.Context, n int, want ...string) map[string]int {
	c.t.Helper()
	return c.callUntil(ctx, n, want, func(got int) bool { return got > 0 })
}

func (c *Client) callUntil(ctx context.Context, n int, want []string, enough func(int) bool) map[string]int {
	c.t.Helper()
	var got map[string]int
	if !Poll(ctx, func() bool {
		got = c.outcomes(ctx, n)
		for _, addr := range want {
			if !enough(got[addr]) {
				return false
			}
		}
		return len(got) == len(want)
	}) {
		c.t.Fatalf("the last %d RPCs went to %v, want %v", n, got, want)
	}
	return got
}

// outcomes sends n RPCs and counts them: by address, or by error if they failed.
func (c *Client) outcomes(ctx context.Context, n int) map[string]int {
	outcomes := map[string]int{}
	for range n {
		addr, err := c.Call(ctx)
		if err != nil {
			addr = err.Error()
		}
		outcomes[addr]++
	}
	return outcomes
}

// Load sends RPCs on several goroutines until stop is called. stop returns the
// number of RPCs, and the errors of those that failed.
func (c *Client) Load(ctx context.Context, opts ...grpc.CallOption) (stop func() (sent int, failed []error)) {
	done := make(chan struct{})
	var mu sync.Mutex
	var sent int
	var failed []error
	var running sync.WaitGroup
	for range Workers {
		running.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				_, err := c.Call(ctx, opts...)
				mu.Lock()
				sent++
				if err != nil {
					failed = append(failed, err)
				}
				mu.Unlock()
			}
		})
	}
	return sync.OnceValues(func() (int, []error) {
		close(done)
		running.Wait()
		return sent, failed
	})
}
