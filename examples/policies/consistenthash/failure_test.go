package consistenthash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/consistenthash"
)

func withHeader(ctx context.Context, name string, values ...string) context.Context {
	md := metadata.MD{}
	md.Append(name, values...)
	return metadata.NewOutgoingContext(ctx, md)
}

func TestAnEndpointConnectsWhenItsKeyIsPicked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{}`, listed(5)...)
		if n := len(c.SubConns()); n != 0 {
			t.Fatalf("%d SubConns before the first RPC, want none", n)
		}
		for range 3 {
			c.want("user-1", "waits")
		}
		live := c.Live()
		if len(live) != 1 {
			t.Fatalf("SubConns after RPCs with one key: %v, want one", live)
		}
		live[0].Ready()
		c.want("user-1", live[0].Addr())
		live[0].Idle() // the connection is lost, and the next RPC replaces it
		synctest.Wait()
		if live[0].Wanted() || c.State().ConnectivityState != connectivity.Idle {
			t.Errorf("the endpoint reconnects without an RPC")
		}
		c.want("user-1", "waits")
		live[0].Ready()
		c.want("user-1", live[0].Addr())
	})
}

// failed returns a channel to three READY endpoints, of which one has then failed, and
// a key of that one.
func failed(t *testing.T, config string) (c *channel, addr, key string) {
	c = newChannel(t, config, listed(3)...)
	c.connect(keys(100))
	addr = "10.0.0.1:1"
	key = c.keyOf(addr)
	c.SubConn(addr).Idle()
	c.want(key, "waits")
	c.SubConn(addr).Fail(errRefused)
	return c, addr, key
}

func TestRPCsFailIfTheirEndpointDoes(t *testing.T) {
	t.Parallel()
	for _, config := range []string{`{}`, `{"onFailure": "fail"}`} {
		synctest.Test(t, func(t *testing.T) {
			c, addr, key := failed(t, config)
			c.want(key, "consistent_hash: pick endpoint of key: connect to 10.0.0.1:1: refused")
			c.SubConn(addr).Idle()
			c.SubConn(addr).Ready()
			c.want(key, addr)
		})
	}
}

func TestRPCsWaitForTheirEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, addr, key := failed(t, `{"onFailure": "wait"}`)
		c.want(key, "waits")
		c.SubConn(addr).Idle()
		c.SubConn(addr).Connecting()
		c.want(key, "waits")
		for _, other := range []string{"10.0.0.0:1", "10.0.0.2:1"} {
			key := c.keyOf(other)
			c.SubConn(other).Idle()
			c.pick(key)
			c.SubConn(other).Fail(errRefused)
		}
		c.want(key, "consistent_hash: pick endpoint of key: connect to 10.0.0.1:1: refused")
		c.SubConn(addr).Ready()
		c.want(key, addr)
	})
}

func TestRPCsGoToTheNextReplica(t *testing.T) {
	t.Parallel()
	for config, replicas := range map[string]int{
		`{"onFailure": "next"}`:                2,
		`{"onFailure": "next", "replicas": 2}`: 2,
		`{"onFailure": "next", "replicas": 3}`: 3,
		`{"onFailure": "next", "replicas": 9}`: 3, // all that there are
	} {
		synctest.Test(t, func(t *testing.T) {
			c, first, key := failed(t, config)
			used := []string{first}
			for range replicas - 1 {
				next := c.pick(key)
				used = append(used, next)
				c.SubConn(next).Idle()
				c.want(key, "waits")
				c.SubConn(next).Fail(errRefused)
			}
			if seen := strings.Join(used, " "); strings.Count(seen, first) != 1 || strings.Contains(seen, "waits") {
				t.Errorf("the RPCs went to %s, want %d endpoints", seen, replicas)
			}
			c.want(key, "consistent_hash: pick endpoint of key: connect to 10.0.0.1:1: refused")
			c.SubConn(first).Idle()
			c.SubConn(first).Ready()
			c.want(key, first)
		})
	}
}

func TestANewConfigTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, key := failed(t, `{"onFailure": "next"}`)
		replica := c.pick(key)
		for _, step := range [][2]string{
			{`{"onFailure": "wait"}`, "waits"},
			{`{}`, "consistent_hash: pick endpoint of key: connect to 10.0.0.1:1: refused"},
			{`{"onFailure": "next"}`, replica},
		} {
			if err := c.policy.UpdateWithConfig(step[0], listed(3)...); err != nil {
				t.Fatal(err)
			}
			c.want(key, step[1])
		}
	})
}

// Its own endpoint serves a key again as soon as it is READY. The replica takes over
// only the keys of the endpoint that failed.
func TestTheNextReplicaConnectsWhenItIsNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{"onFailure": "next"}`, listed(3)...)
		c.want("user-1", "waits")
		first := c.Live()[0]
		first.Fail(errRefused)
		c.want("user-1", "waits")
		live := c.Live()
		if len(live) != 2 {
			t.Fatalf("SubConns: %v, want a second one", live)
		}
		live[1].Ready()
		c.want("user-1", live[1].Addr())
		first.Idle()
		first.Ready()
		c.want("user-1", first.Addr())
	})
}

func TestItIsAValidPolicy(t *testing.T) {
	t.Parallel()
	var rpcs []balancer.PickInfo
	for _, key := range keys(10) {
		rpcs = append(rpcs, balancer.PickInfo{Ctx: consistenthash.WithKey(t.Context(), key)})
	}
	for _, config := range []string{`{}`, `{"onFailure": "wait"}`, `{"onFailure": "next", "replicas": 2}`} {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			balancertest.Check(t, withConfig{consistenthash.NewBuilder(), config}, balancertest.ByKey(rpcs...))
		})
	}
}

// withConfig is a builder whose policies have the config where they would have {}.
type withConfig struct {
	balancer.Builder
	config string
}

func (b withConfig) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if string(js) == "{}" {
		js = json.RawMessage(b.config)
	}
	return b.Builder.(balancer.ConfigParser).ParseConfig(js)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	parser := consistenthash.NewBuilder().(balancer.ConfigParser)
	for config, want := range map[string]string{
		`{}`:                                    "<nil>",
		`{"header": "x-user"}`:                  "<nil>",
		`{"onFailure": "next", "replicas": 3}`:  "<nil>",
		`{"onFailure": "retry"}`:                `consistent_hash: parse config: onFailure is "retry", want "fail", "wait" or "next"`,
		`{"onFailure": "next", "replicas": 1}`:  "replicas is 1, want 2 or more",
		`{"onFailure": "next", "replicas": -1}`: "replicas is -1, want 2 or more",
		`{"onFailure": "wait", "replicas": 2}`:  `replicas is 2, want it only with {"onFailure": "next"}`,
		`{"replicas": 2}`:                       `replicas is 2, want it only with`,
		`{"header": 1}`:                         `field "header" is a JSON number`,
	} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("ParseConfig(%s): %v, want %s", config, err, want)
		}
	}
}

// The test is for the race detector.
func TestPicksMayComeAtAnyTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{"onFailure": "next"}`, listed(5)...)
		var picking sync.WaitGroup
		for _, key := range keys(4) {
			picking.Go(func() {
				for range 300 {
					_, _ = c.Start(balancer.PickInfo{Ctx: consistenthash.WithKey(t.Context(), key)})
					runtime.Gosched()
				}
			})
		}
		for i := range 100 {
			if err := c.policy.Update(listed(3 + i%3)...); err != nil {
				t.Error(err)
			}
			for _, sc := range c.Live() {
				switch {
				case sc.State() == connectivity.Ready:
					sc.Idle()
				case sc.State() == connectivity.Idle && sc.Wanted():
					sc.Ready()
				}
			}
		}
		picking.Wait()
	})
}
