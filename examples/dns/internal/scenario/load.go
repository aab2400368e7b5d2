package scenario

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// rpcTimeout is far above what an RPC takes: one that ends with it hung.
const rpcTimeout = 10 * time.Second

// client is one channel and the constant load on it. RPCs start at a steady
// pace, whether those before have ended or not, and none is wait-for-ready: what
// the policy cannot place fails, and is counted.
type client struct {
	conn    *grpc.ClientConn
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	byPod  map[string]int // who answered
	failed int
	total  int
	err    error // the last one
}

func startClient(target string, every time.Duration, opts ...grpc.DialOption) (*client, error) {
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{conn: conn, cancel: cancel, byPod: map[string]int{}}
	c.running.Go(func() { c.run(ctx, every) })
	return c, nil
}

func (c *client) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.running.Go(c.call)
		}
	}
}

// call is not under the context of run: RPCs under way at the end are let end.
func (c *client) call() {
	ctx, cancel := context.WithTimeout(context.Background(), rpcTimeout)
	defer cancel()
	reply, err := echo.NewEchoClient(c.conn).UnaryEcho(ctx, &echo.EchoRequest{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	if err != nil {
		c.failed++
		c.err = err
		return
	}
	c.byPod[reply.GetMessage()]++
}

// count is how many RPCs have ended so far.
type count struct {
	Total, Failed int
	LastErr       error
	ByPod         map[string]int
}

func (c *client) count() count {
	c.mu.Lock()
	defer c.mu.Unlock()
	return count{Total: c.total, Failed: c.failed, LastErr: c.err, ByPod: maps.Clone(c.byPod)}
}

// stop ends the load, waits for the RPCs under way, and then closes the channel.
// The metrics must know of as many RPCs as the client does.
func (c *client) stop() (count, error) {
	c.cancel()
	c.running.Wait()
	defer c.conn.Close()
	n := c.count()
	backends, err := Backends(c.conn.CanonicalTarget())
	if err != nil {
		return n, err
	}
	for addr, b := range backends {
		if int(b.OK) != n.ByPod[addr] {
			return n, fmt.Errorf("%s answered %d RPCs, its metrics say %.0f", addr, n.ByPod[addr], b.OK)
		}
	}
	return n, nil
}
