package leastinflight_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/leastinflight"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// channel is a fake channel to endpoints that are READY.
type channel struct {
	*balancertest.ClientConn
	t *testing.T
	p *balancertest.Policy
}

func newChannel(t *testing.T, addrs ...string) *channel {
	cc := balancertest.NewClientConn(t)
	c := &channel{ClientConn: cc, t: t, p: cc.Build(leastinflight.NewBuilder())}
	t.Cleanup(c.p.Close)
	c.update(`{}`, addrs...)
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	return c
}

func (c *channel) update(config string, addrs ...string) {
	c.t.Helper()
	if err := c.p.UpdateWithConfig(config, balancertest.Endpoints(addrs...)...); err != nil {
		c.t.Fatalf("update: %v", err)
	}
}

// start starts an RPC, which stays in flight.
func (c *channel) start() *balancertest.Attempt {
	c.t.Helper()
	rpc, err := c.Start(balancer.PickInfo{})
	if err != nil {
		c.t.Fatalf("RPC: %v", err)
	}
	return rpc
}

// load starts RPCs until the endpoint with the address has n in flight. It ends those that
// went elsewhere.
func (c *channel) load(addr string, n int) (inFlight []*balancertest.Attempt) {
	c.t.Helper()
	for len(inFlight) < n {
		if rpc := c.start(); rpc.SubConn().Addr() == addr {
			inFlight = append(inFlight, rpc)
		} else {
			rpc.End(balancer.DoneInfo{})
		}
	}
	return inFlight
}

const sample = 4_000

// wantShare sends RPCs one after another, and compares the share that goes to the address.
// The bounds are six standard deviations away.
func (c *channel) wantShare(addr string, want float64) {
	c.t.Helper()
	n := 0
	for range sample {
		sc, err := c.RPC(nil)
		if err != nil {
			c.t.Fatalf("RPC: %v", err)
		}
		if sc.Addr() == addr {
			n++
		}
	}
	if got, bound := float64(n)/sample, 6*math.Sqrt(want*(1-want)/sample); math.Abs(got-want) > bound {
		c.t.Errorf("%s got %.4f of the RPCs, want %.4f, give or take %.4f", addr, got, want, bound)
	}
}

// middle gets an RPC if no choice is the idle endpoint, but not all are the busy one.
func TestOfTheChoicesTheOneWithTheFewestInFlightIsTaken(t *testing.T) {
	t.Parallel()
	for config, choices := range map[string]float64{
		`{}`:                  2,
		`{"choiceCount": 0}`:  2,
		`{"choiceCount": 2}`:  2,
		`{"choiceCount": 3}`:  3,
		`{"choiceCount": 10}`: 10,
		`{"choiceCount": 99}`: 10,
	} {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			c := newChannel(t, "idle:1", "middle:1", "busy:1")
			c.load("middle:1", 1)
			c.load("busy:1", 2)
			c.update(config, "idle:1", "middle:1", "busy:1")
			c.wantShare("idle:1", 1-math.Pow(2./3, choices))
			c.wantShare("middle:1", math.Pow(2./3, choices)-math.Pow(1./3, choices))
		})
	}
}

func TestEqualEndpointsShareEqually(t *testing.T) {
	t.Parallel()
	c := newChannel(t, "a:1", "b:1", "c:1")
	for _, addr := range []string{"a:1", "b:1", "c:1"} {
		c.wantShare(addr, 1./3)
	}
}

func TestAnRPCThatEndedCountsNoMore(t *testing.T) {
	t.Parallel()
	c := newChannel(t, "a:1", "b:1")
	rpcs := c.load("a:1", 3)
	c.wantShare("a:1", 1./4)
	for _, rpc := range rpcs {
		rpc.End(balancer.DoneInfo{})
	}
	c.wantShare("a:1", 1./2)
}

// gRPC found that the connection was gone: it sent nothing, and picks again.
func TestAPickThatWasGivenUpDoesNotCount(t *testing.T) {
	t.Parallel()
	c := newChannel(t, "a:1", "b:1")
	a := c.SubConn("a:1")
	c.DeliverAfter(func() { // the policy does not know yet
		a.Idle()
		for range 100 {
			if rpc, err := c.Start(balancer.PickInfo{}); err == nil {
				rpc.End(balancer.DoneInfo{})
			}
		}
	})
	a.Ready()
	c.wantShare("a:1", 1./2)
}

// The RPCs that began on the lost connection may still be in flight.
func TestRPCsInFlightCountAfterALostConnection(t *testing.T) {
	t.Parallel()
	c := newChannel(t, "a:1", "b:1")
	rpcs := c.load("a:1", 1)
	a := c.SubConn("a:1")
	a.Idle()
	c.wantShare("a:1", 0)
	a.Ready()
	c.wantShare("a:1", 1./4)
	rpcs[0].End(balancer.DoneInfo{Err: errors.New("lost")})
	c.wantShare("a:1", 1./2)
}

func TestEndpointsMayComeAndGo(t *testing.T) {
	t.Parallel()
	c := newChannel(t, "a:1", "b:1")
	rpcs := c.load("a:1", 1)
	c.update(`{}`, "b:1", "c:1")
	c.SubConn("c:1").Ready()
	c.wantShare("c:1", 1./2)
	c.update(`{}`, "a:1", "c:1") // to the resolver, a is a new endpoint
	c.SubConn("a:1").Ready()
	rpcs[0].End(balancer.DoneInfo{})
	c.wantShare("a:1", 1./2)
}

func TestRPCsFailIfNoEndpointCanBeReached(t *testing.T) {
	t.Parallel()
	c := newChannel(t, "a:1", "b:1")
	for _, sc := range c.Live() {
		sc.Idle()
		sc.Fail(errors.New("refused"))
	}
	if _, err := c.Pick(); !strings.Contains(fmt.Sprint(err), "refused") {
		t.Errorf("pick: %v, want the reason", err)
	}
}

// RPCs may still use an old picker while there is a new one.
func TestManyCallersMayPickWhileConnectionsAreLost(t *testing.T) {
	t.Parallel()
	c := newChannel(t, "a:1", "b:1", "c:1")
	picker := c.State().Picker
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 20_000 {
				res, err := picker.Pick(balancer.PickInfo{})
				if err != nil {
					t.Errorf("pick: %v", err)
					return
				}
				res.Done(balancer.DoneInfo{})
			}
		})
	}
	for range 5 { // more losses in a row would make base2 pause
		c.SubConn("a:1").Idle()
		c.SubConn("a:1").Ready()
	}
	callers.Wait()
	for _, addr := range []string{"a:1", "b:1", "c:1"} { // nothing is in flight
		c.wantShare(addr, 1./3)
	}
}

func TestAPickAllocatesNothing(t *testing.T) {
	picker := newChannel(t, "a:1", "b:1").State().Picker
	allocs := testing.AllocsPerRun(100, func() {
		if res, err := picker.Pick(balancer.PickInfo{}); err == nil {
			res.Done(balancer.DoneInfo{})
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations for a pick and its end, want none", allocs)
	}
}

func TestItIsAValidPolicy(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, leastinflight.NewBuilder())
}

func TestConfig(t *testing.T) {
	t.Parallel()
	parser := leastinflight.NewBuilder().(balancer.ConfigParser)
	for config, want := range map[string]string{
		`{}`:                     "<nil>",
		`{"choiceCount": 5}`:     "<nil>",
		`{"choiceCount": 1}`:     "choiceCount is 1, want 0 for the default, or 2 to 10",
		`{"choiceCount": -2}`:    `field "choiceCount" is a JSON number -2`,
		`{"choiceCount": "two"}`: `field "choiceCount" is a JSON string`,
	} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("ParseConfig(%s): %v, want %s", config, err, want)
		}
	}
}
