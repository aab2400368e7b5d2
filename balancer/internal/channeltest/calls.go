package channeltest

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
)

// Workers is how many goroutines Load uses: as many RPCs are in flight at most.
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

// CallUntilEven sends RPCs, n at a time, until all of the last n have succeeded
// and each of the wanted addresses got as many of them. Before that they may
// fail or go elsewhere.
func (c *Client) CallUntilEven(ctx context.Context, n int, want ...string) {
	c.t.Helper()
	c.callUntil(ctx, n, want, func(got int) bool { return got == n/len(want) })
}

// CallUntilReached sends RPCs, n at a time, until all of the last n have
// succeeded and gone to all of the wanted addresses and to no other. It returns
// how many each got.
func (c *Client) CallUntilReached(ctx context.Context, n int, want ...string) map[string]int {
	c.t.Helper()
	return c.callUntil(ctx, n, want, func(got int) bool { return got > 0 })
}

func (c *Client) callUntil(ctx context.Context, n int, want []string, enough func(int) bool) map[string]int {
	c.t.Helper()
	var got map[string]int
	if !Poll(ctx, func() bool {
		got = c.ends(ctx, n)
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

// ends sends n RPCs and counts how they ended: by address, or by error.
func (c *Client) ends(ctx context.Context, n int) map[string]int {
	ends := map[string]int{}
	for range n {
		addr, err := c.Call(ctx)
		if err != nil {
			addr = err.Error()
		}
		ends[addr]++
	}
	return ends
}

// Load sends RPCs from several goroutines until stop is called, which returns
// how many there were and the errors of those that failed.
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
