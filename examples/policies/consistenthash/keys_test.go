package consistenthash_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/consistenthash"
)

// wantShare fails the test unless the number of n keys is within five standard
// deviations of the share.
func wantShare(t *testing.T, what string, got, n int, share float64) {
	t.Helper()
	if off := math.Abs(float64(got) - float64(n)*share); off > 5*math.Sqrt(float64(n)*share*(1-share)) {
		t.Errorf("%s: %d of %d keys, want about %.0f", what, got, n, float64(n)*share)
	}
}

func TestALostConnectionMovesNoKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := keys(1000)
		c := newChannel(t, `{}`, listed(5)...)
		c.connect(all)
		before := c.picks(all)
		lost := before[all[0]]
		c.SubConn(lost).Idle()
		c.pick(all[0])
		c.SubConn(lost).Fail(errRefused)
		for key, now := range c.picks(all) {
			want := before[key]
			if want == lost {
				want = "consistent_hash: pick endpoint of key: connect to " + lost + ": refused"
			}
			if now != want {
				t.Errorf("key %s: %s, want %s", key, now, want)
			}
		}
		c.SubConn(lost).Idle()
		c.SubConn(lost).Ready()
		for key, now := range c.picks(all) {
			if now != before[key] {
				t.Errorf("key %s, when all is well again: %s, want %s", key, now, before[key])
			}
		}
	})
}

func TestANewEndpointTakesAShareOfTheKeysAndGivesItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all, five := keys(2000), listed(5)
		const newcomer = "10.0.0.4:1"
		c := newChannel(t, `{}`, five[:4]...)
		c.connect(all)
		before := c.picks(all)
		for _, list := range [][]resolver.Endpoint{five, five[:4]} {
			if err := c.policy.Update(list...); err != nil {
				t.Fatal(err)
			}
			c.connect(all)
			moved := 0
			for key, now := range c.picks(all) {
				if now == newcomer {
					moved++
				} else if now != before[key] {
					t.Fatalf("key %s moved from %s to %s", key, before[key], now)
				}
			}
			wantShare(t, fmt.Sprintf("of %d endpoints the newcomer has", len(list)), moved, len(all), float64(len(list)-4)/5)
		}
	})
}

func TestKeysAreDividedByTheWeights(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all, endpoints := keys(4000), listed(3)
		endpoints[1] = balancertest.WithWeight(endpoints[1], 3)
		c := newChannel(t, `{}`, endpoints...)
		c.connect(all)
		got := make(map[string]int)
		for _, addr := range c.picks(all) {
			got[addr]++
		}
		wantShare(t, "weight 1", got["10.0.0.0:1"], len(all), .2)
		wantShare(t, "weight 3", got["10.0.0.1:1"], len(all), .6)
		wantShare(t, "weight 1", got["10.0.0.2:1"], len(all), .2)
	})
}

// The pairs must never change: clients of several versions have to agree.
func TestAllClientsFindTheSameEndpoint(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"user-1":  "10.0.0.3:1",
		"user-2":  "10.0.0.5:1",
		"user-3":  "10.0.0.8:1",
		"user-4":  "10.0.0.7:1",
		"user-34": "10.0.0.6:1",
	}
	for _, reverse := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			endpoints := listed(10)
			endpoints[3] = balancertest.Endpoint("10.0.0.3:1", "[fd00::3]:1")
			if reverse { // of the list, and of the addresses of an endpoint
				slices.Reverse(endpoints)
				slices.Reverse(endpoints[6].Addresses)
			}
			c := newChannel(t, `{}`, endpoints...)
			c.connect(keys(100))
			for key, addr := range want {
				if got := c.pick(key); strings.Replace(got, "[fd00::3]", "10.0.0.3", 1) != addr {
					t.Errorf("reversed: %v: key %s: %s, want %s", reverse, key, got, addr)
				}
			}
		})
	}
}

func TestTheKeyMayBeAHeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := keys(100)
		c := newChannel(t, `{"header": "X-User"}`, listed(5)...)
		c.connect(all)
		for _, key := range all {
			if got, want := c.start(withHeader(t.Context(), "x-user", key)), c.pick(key); got != want {
				t.Errorf("with header %s an RPC goes to %s, want %s", key, got, want)
			}
		}
		if got, want := c.start(withHeader(t.Context(), "x-user", "a", "b")), c.pick("a,b"); got != want {
			t.Errorf("with two values an RPC goes to %s, want %s", got, want)
		}
		// WithKey comes first.
		ctx := consistenthash.WithKey(withHeader(t.Context(), "x-user", c.keyOf("10.0.0.0:1")), c.keyOf("10.0.0.1:1"))
		if got := c.start(ctx); got != "10.0.0.1:1" {
			t.Errorf("with a header and WithKey an RPC goes to %s, want the endpoint of WithKey", got)
		}
	})
}

func TestAnRPCWithoutAKeyFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const want = "rpc error: code = Internal desc = consistent_hash: pick endpoint: the RPC has no key; make its context with consistenthash.WithKey"
		for _, config := range []string{`{}`, `{"header": "x-user"}`} {
			c := newChannel(t, config, listed(2)...)
			for _, ctx := range []func() string{
				func() string { return c.start(t.Context()) },
				func() string { return c.start(withHeader(t.Context(), "x-other", "k")) },
			} {
				if got := ctx(); got != want {
					t.Errorf("with config %s: %s, want %s", config, got, want)
				}
			}
			if got := c.start(consistenthash.WithKey(t.Context(), "")); got != "waits" {
				t.Errorf("an empty key: %s, want it to be a key", got)
			}
		}
	})
}

func TestPickDoesNotAllocate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{}`, listed(5)...)
		c.connect(keys(100))
		picker, info := c.State().Picker, balancer.PickInfo{Ctx: consistenthash.WithKey(t.Context(), "user-1")}
		if got := testing.AllocsPerRun(100, func() { _, _ = picker.Pick(info) }); got != 0 {
			t.Errorf("%v allocations per pick, want 0", got)
		}
	})
}
