package peakewma_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/peakewma"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// channel is a fake channel to endpoints whose latencies the test sets.
type channel struct {
	t       *testing.T
	cc      *balancertest.ClientConn
	latency map[string]time.Duration
	broken  string // address whose RPCs fail

	mu   sync.Mutex
	rpcs map[string]int // by address
}

func newChannel(t *testing.T, config string, latency map[string]time.Duration) *channel {
	c := &channel{t: t, cc: balancertest.NewClientConn(t), latency: latency, rpcs: make(map[string]int)}
	p := c.cc.Build(peakewma.NewBuilder())
	t.Cleanup(p.Close)
	var addrs []string
	for addr := range latency {
		addrs = append(addrs, addr)
	}
	if err := p.UpdateWithConfig(config, balancertest.Endpoints(addrs...)...); err != nil {
		t.Fatalf("update: %v", err)
	}
	for _, sc := range c.cc.Live() {
		sc.Ready()
	}
	return c
}

// call sends n RPCs one after another. Each takes the latency of its endpoint.
func (c *channel) call(n int) {
	for range n {
		rpc, err := c.cc.Start(balancer.PickInfo{})
		if err != nil {
			c.t.Errorf("RPC: %v", err)
			return
		}
		addr := rpc.SubConn().Addr()
		time.Sleep(c.latency[addr])
		info := balancer.DoneInfo{BytesSent: true, BytesReceived: true}
		if addr == c.broken {
			info.Err = status.Error(codes.Unavailable, "broken")
		}
		rpc.End(info)
		c.mu.Lock()
		c.rpcs[addr]++
		c.mu.Unlock()
	}
}

// share makes callers send n RPCs each, concurrently. It returns the share of the
// address.
func (c *channel) share(addr string, callers, n int) float64 {
	clear(c.rpcs)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() { c.call(n) })
	}
	all.Wait()
	return float64(c.rpcs[addr]) / float64(callers*n)
}

func TestASlowEndpointGetsLess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{}`, map[string]time.Duration{"a:1": 10 * time.Millisecond, "b:1": 10 * time.Millisecond, "slow:1": 100 * time.Millisecond})
		// It is picked if both random choices are the slow endpoint, one time in
		// nine, or if the others are busy.
		if got := c.share("slow:1", 6, 500); got > .2 || got == 0 {
			t.Errorf("the slow endpoint got %.2f of the RPCs, want some, but at most 0.2", got)
		}
	})
}

func TestEqualEndpointsShareEqually(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{}`, map[string]time.Duration{"a:1": 10 * time.Millisecond, "b:1": 10 * time.Millisecond})
		if got := c.share("a:1", 8, 500); got < .4 || got > .6 {
			t.Errorf("one of two got %.2f of the RPCs, want about half", got)
		}
	})
}

// The shorter the decay, the sooner the policy notices that an endpoint is fast
// again.
func TestAnEndpointThatIsFastAgainGetsItsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{"decaySeconds": 1}`, map[string]time.Duration{"a:1": 10 * time.Millisecond, "b:1": time.Second})
		c.share("b:1", 4, 200)
		c.latency["b:1"] = 10 * time.Millisecond
		c.share("b:1", 4, 1000)
		if got := c.share("b:1", 4, 500); got < .4 {
			t.Errorf("the endpoint that recovered got %.2f of the RPCs, want about half", got)
		}
	})
}

func TestFailingFastIsNotBeingFast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{}`, map[string]time.Duration{"broken:1": time.Millisecond, "b:1": 10 * time.Millisecond, "c:1": 10 * time.Millisecond})
		c.broken = "broken:1"
		if got := c.share("broken:1", 3, 500); got > .2 {
			t.Errorf("the endpoint that fails got %.2f of the RPCs, want at most 0.2", got)
		}
	})
}

// A new endpoint costs nothing, so it would get three RPCs of four. One that is known to
// be slow gets those for which both random choices are it.
func TestWhatWasLearntSurvivesALostConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{}`, map[string]time.Duration{"slow:1": time.Second, "b:1": time.Millisecond})
		c.call(50)
		slow := c.cc.SubConn("slow:1")
		sum := 0.
		for range 400 {
			slow.Idle()
			slow.Ready()
			sum += c.share("slow:1", 1, 1)
			time.Sleep(2 * time.Second) // base2 pauses if connections are lost within a second
		}
		if sum < 50 || sum > 150 { // 6 standard deviations from the mean
			t.Errorf("the slow endpoint got %v of 400 RPCs, each just after it came back, want about 100", sum)
		}
	})
}

func TestALostEndpointGetsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, `{}`, map[string]time.Duration{"a:1": time.Millisecond, "b:1": time.Millisecond})
		c.cc.SubConn("a:1").Idle()
		if got := c.share("b:1", 2, 50); got != 1 {
			t.Errorf("the endpoint that is left got %.2f of the RPCs, want all", got)
		}
	})
}

func TestRPCsFailIfNoEndpointCanBeReached(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, map[string]time.Duration{"a:1": 0})
	sc := c.cc.SubConn("a:1")
	sc.Idle()
	sc.Fail(errors.New("refused"))
	if _, err := c.cc.Pick(); !strings.Contains(fmt.Sprint(err), "refused") {
		t.Errorf("pick: %v, want the reason", err)
	}
}

func TestItIsAValidPolicy(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, peakewma.NewBuilder())
}

func TestConfig(t *testing.T) {
	t.Parallel()
	parser := peakewma.NewBuilder().(balancer.ConfigParser)
	for config, want := range map[string]string{
		`{}`:                     "<nil>",
		`{"decaySeconds": 2.5}`:  "<nil>",
		`{"decaySeconds": -1}`:   "decaySeconds is negative",
		`{"decaySeconds": "2s"}`: `field "decaySeconds" is a JSON string`,
	} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("ParseConfig(%s): %v, want %s", config, err, want)
		}
	}
}
