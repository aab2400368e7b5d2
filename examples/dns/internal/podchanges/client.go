package podchanges

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// rpcTimeout is far longer than an RPC takes. An RPC that reaches it has hung.
const rpcTimeout = 10 * time.Second

// client is one channel and the constant load on it. RPCs start at a steady rate,
// whether or not earlier ones have ended. They are not wait-for-ready: if the policy
// has no backend for an RPC, it fails and is counted.
type client struct {
	conn  *grpc.ClientConn
	load  *load.Load
	tally load.Tally // by the address of the pod that answered
}

func startClient(target string, every time.Duration, opts ...grpc.DialOption) (*client, error) {
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn}
	c.load = load.StartSteady(context.Background(), every, c.call)
	return c, nil
}

func (c *client) call() {
	ctx, cancel := context.WithTimeout(context.Background(), rpcTimeout)
	defer cancel()
	reply, err := echo.NewEchoClient(c.conn).UnaryEcho(ctx, &echo.EchoRequest{})
	c.tally.Add(reply.GetMessage(), err)
}

// stop ends the load and waits for the RPCs in flight. It checks that the metrics and
// the client counted the same, and closes the channel.
func (c *client) stop() (load.Counts, error) {
	c.load.Stop()
	defer c.conn.Close()
	counts := c.tally.Counts()
	policy, err := readSeries(c.conn.CanonicalTarget())
	if err != nil {
		return counts, err
	}
	for addr, b := range policy.Backends {
		if b.OK() != counts.Answers[addr] {
			return counts, fmt.Errorf("%s answered %d RPCs, its metrics say %d", addr, counts.Answers[addr], b.OK())
		}
	}
	return counts, nil
}
