package weightedroundrobin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/weightedroundrobin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// channel is a fake channel.
type channel struct {
	*balancertest.ClientConn
	t *testing.T
	p *balancertest.Policy
}

// newChannel returns a channel to endpoints that are READY.
func newChannel(t *testing.T, config string, endpoints ...resolver.Endpoint) *channel {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	c := &channel{ClientConn: cc, t: t, p: cc.Build(weightedroundrobin.NewBuilder())}
	t.Cleanup(c.p.Close)
	c.update(config, endpoints...)
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	return c
}

func (c *channel) update(config string, endpoints ...resolver.Endpoint) {
	c.t.Helper()
	if err := c.p.UpdateWithConfig(config, endpoints...); err != nil {
		c.t.Fatalf("update: %v", err)
	}
}

func weighted(addr string, weight uint32) resolver.Endpoint {
	return balancertest.WithWeight(balancertest.Endpoint(addr), weight)
}

// picks returns the addresses of the next n picks.
func (c *channel) picks(n int) (addrs []string) {
	c.t.Helper()
	for range n {
		sc, err := c.Pick()
		if err != nil {
			c.t.Fatalf("pick: %v", err)
		}
		addrs = append(addrs, sc.Addr())
	}
	return addrs
}

func count(addrs []string) map[string]int {
	counts := map[string]int{}
	for _, addr := range addrs {
		counts[addr]++
	}
	return counts
}

// wantCounts picks as often as the counts add up to. Each count may be off by one: weights
// are rounded, and the turns may begin within a round.
func (c *channel) wantCounts(want map[string]int) {
	c.t.Helper()
	n := 0
	for _, w := range want {
		n += w
	}
	got := count(c.picks(n))
	for addr, w := range want {
		if g := got[addr]; math.Abs(float64(g-w)) > 1 {
			c.t.Errorf("%d picks: %v, want %v, each give or take one", n, got, want)
			return
		}
	}
}

func TestRPCsFollowTheWeights(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("a:1", 2), weighted("b:1", 3), balancertest.Endpoint("c:1")) // c has 1
	for range 100 {
		if got, want := count(c.picks(6)), map[string]int{"a:1": 2, "b:1": 3, "c:1": 1}; !maps.Equal(got, want) {
			t.Fatalf("6 picks: %v, want %v", got, want)
		}
	}
}

func TestEqualEndpointsTakeTurns(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("a:1", 7), weighted("b:1", 7), weighted("c:1", 7))
	got := strings.Join(c.picks(300), " ")
	if want := got[:len("a:1 b:1 c:1 ")]; strings.ReplaceAll(got+" ", want, "") != "" {
		t.Errorf("picks %s, want the same turns over and over", got)
	}
}

func TestRPCsAreSpreadEvenlyInTime(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("A", 5), weighted("b", 1), weighted("c", 1))
	got := strings.Join(c.picks(700), "")
	for _, never := range []string{"bc", "cb", "AAAA"} {
		if strings.Contains(got, never) {
			t.Errorf("picks %s have %s, want A between b and c, at most three times", got[:20], never)
		}
	}
}

// There are 65,535 steps from the heaviest weight to the lightest.
func TestTheLightestEndpointGetsSomething(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("heavy:1", math.MaxUint32), weighted("light:1", 1))
	if got := count(c.picks(1 << 16)); got["light:1"] != 1 {
		t.Errorf("%v, want one for the lightest", got)
	}
}

func TestNewWeightsCountAtOnce(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("a:1", 1), weighted("b:1", 1))
	c.update(`{}`, weighted("a:1", 4), weighted("b:1", 1))
	c.wantCounts(map[string]int{"a:1": 400, "b:1": 100})
	c.update(`{}`, weighted("b:1", 1), weighted("c:1", 2))
	c.SubConn("c:1").Ready()
	c.wantCounts(map[string]int{"b:1": 100, "c:1": 200})
}

func TestTheTurnSurvivesANewPicker(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("a:1", 1), weighted("b:1", 1))
	last := c.picks(1)[0]
	for i := range uint32(100) {
		c.update(`{}`, weighted("a:1", 2+i), weighted("b:1", 2+i))
		next := c.picks(1)[0]
		if next == last {
			t.Fatalf("%s got the RPCs before and after a new picker, want each in turn", next)
		}
		last = next
	}
}

// Otherwise all clients that start together would send their first RPC to the same
// endpoint. That all fifty choices are the same happens once in 2^49.
func TestTheFirstTurnIsRandom(t *testing.T) {
	t.Parallel()
	var firsts []string
	for range 50 {
		firsts = append(firsts, newChannel(t, `{}`, weighted("a:1", 1), weighted("b:1", 1)).picks(1)...)
	}
	if len(count(firsts)) != 2 {
		t.Errorf("first picks: %v, want both endpoints", count(firsts))
	}
}

func TestEndpointsThatAreNotReadyGetNothing(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("a:1", 1), weighted("b:1", 9))
	b := c.SubConn("b:1")
	b.Idle()
	c.wantCounts(map[string]int{"a:1": 100})
	b.Ready()
	c.wantCounts(map[string]int{"a:1": 10, "b:1": 90})
}

func TestRPCsWaitOrFailWhileNoEndpointIsReady(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("a:1", 1))
	a := c.SubConn("a:1")
	a.Idle()
	if _, err := c.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick while the endpoint reconnects: %v, want that it waits", err)
	}
	a.Fail(errors.New("refused"))
	if _, err := c.Pick(); !strings.Contains(fmt.Sprint(err), "refused") {
		t.Errorf("pick after that failed: %v, want the reason", err)
	}
}

const slow = `{"slowStart": {"windowSeconds": 100}}`

// warm returns a channel in a bubble, whose endpoints a and b have their full weights.
// b and c have twice the weight of a. c is not READY.
func warm(t *testing.T) *channel {
	t.Helper()
	c := newChannel(t, slow, weighted("a:1", 100), weighted("b:1", 200))
	time.Sleep(time.Hour)
	c.update(slow, weighted("a:1", 100), weighted("b:1", 200), weighted("c:1", 200))
	return c
}

// after sleeps until the time has come, and the picker for it.
func after(seconds float64) {
	time.Sleep(time.Duration(seconds*float64(time.Second)) + 6*time.Millisecond)
}

func TestANewEndpointStartsSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := warm(t)
		after(1000) // it counts when it is READY, not when it is listed
		c.SubConn("c:1").Ready()
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 20})
		after(50)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 100})
		after(25)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 150})
		after(25)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 200})
	})
}

func TestEndpointsThatAreAllNewHaveTheirUsualShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, slow, weighted("a:1", 1), weighted("b:1", 3))
		for range 5 {
			c.wantCounts(map[string]int{"a:1": 100, "b:1": 300})
			after(20)
		}
	})
}

// A lost connection does not make a server cold. One that was away for longer was
// probably restarted.
func TestOnlyALongAbsenceLeadsToAnotherSlowStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := warm(t)
		b := c.SubConn("b:1")
		b.Idle()
		time.Sleep(5 * time.Second)
		b.Ready()
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200})
		b.Idle()
		b.Fail(errors.New("refused"))
		time.Sleep(5*time.Second + 1)
		b.Idle() // the pause of gRPC is over
		b.Ready()
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 20})
		after(50)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 100})
		b.Idle() // during the slow start
		b.Ready()
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 100})
	})
}

func TestAnAbsenceOfAllEndpointsCountsToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := warm(t)
		a, b := c.SubConn("a:1"), c.SubConn("b:1")
		a.Idle()
		b.Idle()
		time.Sleep(time.Minute)
		b.Ready()
		a.Ready()
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200}) // both start slowly
		after(50)
		c.SubConn("c:1").Ready()
		c.wantCounts(map[string]int{"a:1": 50, "b:1": 100, "c:1": 20})
	})
}

func TestAnEndpointThatIsHealthyAgainStartsSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := warm(t)
		b := c.SubConn("b:1")
		b.SetHealth(connectivity.TransientFailure, errors.New("unhealthy"))
		c.wantCounts(map[string]int{"a:1": 100})
		time.Sleep(time.Minute)
		b.SetHealth(connectivity.Ready, nil)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 20})
	})
}

func TestANewConfigAppliesToSlowStartsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := warm(t)
		c.SubConn("c:1").Ready()
		after(50)
		endpoints := []resolver.Endpoint{weighted("a:1", 100), weighted("b:1", 200), weighted("c:1", 200)}
		c.update(`{"slowStart": {"windowSeconds": 500}}`, endpoints...)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 20})
		after(200)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 100})
		c.update(`{"slowStart": {"windowSeconds": 500, "aggression": 2}}`, endpoints...)
		c.wantCounts(map[string]int{"a:1": 1000, "b:1": 2000, "c:1": 1414})
		c.update(`{"slowStart": {"windowSeconds": 500, "minWeightPercent": 75}}`, endpoints...)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 150})
		c.update(`{}`, endpoints...)
		c.wantCounts(map[string]int{"a:1": 100, "b:1": 200, "c:1": 200})
	})
}

func TestNoPickersAreMadeWhenTheSlowStartsAreOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, slow, weighted("a:1", 1), weighted("b:1", 1))
		before := len(c.States())
		after(100)
		if got := len(c.States()) - before; got < 20 || got > 21 {
			t.Errorf("%d pickers during the slow start, want 20", got)
		}
		before = len(c.States())
		time.Sleep(time.Hour)
		if got := len(c.States()) - before; got != 0 {
			t.Errorf("%d pickers after the slow start, want none", got)
		}
	})
}

// Each turn is taken once, whoever takes it.
func TestManyCallersGetTheExactShares(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, weighted("a:1", 1), weighted("b:1", 3))
	picker, a := c.State().Picker, balancer.SubConn(c.SubConn("a:1"))
	var got atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 60_000 {
				res, err := picker.Pick(balancer.PickInfo{})
				if err != nil {
					t.Errorf("pick: %v", err)
					return
				}
				if res.SubConn == a {
					got.Add(1)
				}
			}
		})
	}
	for i := range uint32(100) { // new pickers, with the same weights in proportion
		c.update(`{}`, weighted("a:1", 2+i), weighted("b:1", 3*(2+i)))
	}
	callers.Wait()
	if got.Load() != 60_000 {
		t.Errorf("a got %d of 240000 RPCs, want 60000", got.Load())
	}
}

func TestAPickAllocatesNothing(t *testing.T) {
	picker := newChannel(t, `{}`, weighted("a:1", 1), weighted("b:1", 9)).State().Picker
	if allocs := testing.AllocsPerRun(100, func() { _, _ = picker.Pick(balancer.PickInfo{}) }); allocs != 0 {
		t.Errorf("%v allocations for a pick, want none", allocs)
	}
}

func TestItIsAValidPolicy(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, weightedroundrobin.NewBuilder())
}

func TestItIsAValidPolicyWithSlowStart(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, weightedroundrobin.NewBuilder(), balancertest.ConfigFields(slow))
}

func TestConfig(t *testing.T) {
	t.Parallel()
	parser := weightedroundrobin.NewBuilder().(balancer.ConfigParser)
	for config, want := range map[string]string{
		`{}`: "<nil>",
		`{"slowStart": {"windowSeconds": 2.5, "aggression": 0.5, "minWeightPercent": 100}}`: "<nil>",
		`{"slowStart": {"windowSeconds": -1}}`:                                              "slowStart.windowSeconds is -1",
		`{"slowStart": {"aggression": -1}}`:                                                 "slowStart.aggression is -1",
		`{"slowStart": {"minWeightPercent": -1}}`:                                           "slowStart.minWeightPercent is -1",
		`{"slowStart": {"minWeightPercent": 101}}`:                                          "slowStart.minWeightPercent is 101",
		`{"slowStart": {"windowSeconds": "60s"}}`:                                           `field "slowStart.windowSeconds" is a JSON string`,
	} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("ParseConfig(%s): %v, want %s", config, err, want)
		}
	}
}
