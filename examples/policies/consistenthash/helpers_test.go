package consistenthash_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/consistenthash"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRefused = errors.New("refused")

// channel is a fake channel. It is used in a synctest bubble, because endpoints connect
// soon after a pick.
type channel struct {
	*balancertest.ClientConn
	t      testing.TB
	policy *balancertest.Policy
}

func newChannel(t testing.TB, config string, endpoints ...resolver.Endpoint) *channel {
	c := &channel{ClientConn: balancertest.NewClientConn(t), t: t}
	c.policy = c.Build(consistenthash.NewBuilder())
	t.Cleanup(c.policy.Close)
	if err := c.policy.UpdateWithConfig(config, endpoints...); err != nil {
		t.Fatalf("update: %v", err)
	}
	return c
}

// pick returns where an RPC with the key goes: an address, "waits", or an error.
func (c *channel) pick(key string) string {
	return c.start(consistenthash.WithKey(c.t.Context(), key))
}

func (c *channel) start(ctx context.Context) string {
	rpc, err := c.Start(balancer.PickInfo{Ctx: ctx})
	switch {
	case errors.Is(err, balancer.ErrNoSubConnAvailable):
		synctest.Wait() // until the connection that was asked for has begun
		return "waits"
	case err != nil:
		return err.Error()
	default:
		return rpc.SubConn().Addr()
	}
}

// connect picks with each key and makes the SubConns READY that this leads to.
func (c *channel) connect(keys []string) {
	for _, key := range keys {
		c.pick(key)
	}
	for _, sc := range c.Live() {
		if sc.State() != connectivity.Ready {
			sc.Ready()
		}
	}
}

// picks returns where each of the keys goes.
func (c *channel) picks(keys []string) map[string]string {
	picks := make(map[string]string)
	for _, key := range keys {
		picks[key] = c.pick(key)
	}
	return picks
}

func (c *channel) want(key, want string) {
	c.t.Helper()
	if got := c.pick(key); got != want {
		c.t.Errorf("an RPC with key %s: %s, want %s", key, got, want)
	}
}

// keys returns n keys.
func keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "user-" + strconv.Itoa(i)
	}
	return keys
}

// keyOf returns a key of the endpoint. All endpoints must be READY.
func (c *channel) keyOf(addr string) string {
	c.t.Helper()
	for _, key := range keys(1000) {
		if c.pick(key) == addr {
			return key
		}
	}
	c.t.Fatalf("no key goes to %s", addr)
	return ""
}

func listed(n int) []resolver.Endpoint {
	addrs := make([]string, n)
	for i := range addrs {
		addrs[i] = fmt.Sprintf("10.0.0.%d:1", i)
	}
	return balancertest.Endpoints(addrs...)
}
