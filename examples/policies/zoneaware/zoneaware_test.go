package zoneaware_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/zoneaware"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const inA = `{"zone": "A"}`

// endpoint returns an endpoint. The first letter of its address is its zone; it has none if
// that is a dash.
func endpoint(addr string) resolver.Endpoint {
	if strings.HasPrefix(addr, "-") {
		return balancertest.Endpoint(addr)
	}
	return zoneaware.SetZone(balancertest.Endpoint(addr), addr[:1])
}

// channel is a fake channel.
type channel struct {
	*balancertest.ClientConn
	t *testing.T
	p *balancertest.Policy
}

// newChannel returns a channel to endpoints, given as for update.
func newChannel(t *testing.T, config, addrs string) *channel {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	c := &channel{ClientConn: cc, t: t, p: cc.Build(zoneaware.NewBuilder())}
	t.Cleanup(c.p.Close)
	c.update(config, addrs)
	return c
}

// update lists the endpoints with the addresses. Those with an exclamation mark fail, if
// they are new. The others become READY.
func (c *channel) update(config, addrs string) {
	c.t.Helper()
	var endpoints []resolver.Endpoint
	for addr := range strings.FieldsSeq(addrs) {
		endpoints = append(endpoints, endpoint(addr))
	}
	if err := c.p.UpdateWithConfig(config, endpoints...); err != nil {
		c.t.Fatalf("update: %v", err)
	}
	for _, sc := range c.Live() {
		switch {
		case sc.State() != connectivity.Idle: // it is not new
		case strings.HasSuffix(sc.Addr(), "!"):
			sc.Fail(errors.New("refused"))
		default:
			sc.Ready()
		}
	}
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

// wantZones compares the number of picks by zone, out of a thousand.
func (c *channel) wantZones(want map[string]int) {
	c.t.Helper()
	got := map[string]int{}
	for _, addr := range c.picks(1000) {
		got[addr[:1]]++
	}
	if !maps.Equal(got, want) {
		c.t.Errorf("1000 picks by zone: %v, want %v", got, want)
	}
}

func TestRPCsLeaveTheZoneByTheShareOfHealthyEndpoints(t *testing.T) {
	t.Parallel()
	for addrs, want := range map[string]map[string]int{
		"A1 A2 B1 C1":               {"A": 1000},
		"A1 A2 A3 A4! B1":           {"A": 1000}, // 3/4 * 1.4 > 1
		"A1 A2 A3 A4 A5 A6! A7! B1": {"A": 1000}, // 5/7 * 1.4 = 1
		"A1 A2! B1 B2":              {"A": 700, "B": 300},
		"A1 A2! A3! A4! B1":         {"A": 350, "B": 650},
		"A1! A2! B1":                {"B": 1000},
		"B1 C1":                     {"B": 500, "C": 500}, // there are no endpoints in the zone
		"A1 A2! B1 C1 D1!":          {"A": 700, "B": 150, "C": 150},
		"A1 A2! A3! A4! -1 B1":      {"A": 350, "-": 325, "B": 325}, // an unknown zone is another one
		"A1 A2! B1 B2! B3! B4! B5! B6! B7! C1! C2! C3! C4! C5! C6! C7!": {"A": 875, "B": 125}, // as 1/2 to 1/14: neither can take more
		"A1 A2! A3! A4! A5! A6! A7! A8! A9! A10! B1!":                   {"A": 1000},          // only one endpoint is left
	} {
		t.Run(addrs, func(t *testing.T) {
			t.Parallel()
			newChannel(t, inA, addrs).wantZones(want)
		})
	}
}

func TestEndpointsOfAZoneTakeTurns(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 A2 A3! A4! B1 B2 B3")
	got := map[string]int{}
	for _, addr := range c.picks(1000) {
		got[addr]++
	}
	if want := map[string]int{"A1": 350, "A2": 350, "B1": 100, "B2": 100, "B3": 100}; !maps.Equal(got, want) {
		t.Errorf("1000 picks: %v, want %v", got, want)
	}
}

// 3/5 * 1.4 is 0.84, but not in floating point.
func TestTheShareIsExactToTheMillionth(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 A2 A3 A4! A5! B1")
	picker, b, leave := c.State().Picker, balancer.SubConn(c.SubConn("B1")), 0
	for range 1_000_000 {
		res, err := picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatal(err)
		}
		if res.SubConn == b {
			leave++
		}
	}
	if leave != 160_000 {
		t.Errorf("%d of a million RPCs left the zone, want 160000", leave)
	}
}

func TestRPCsThatLeaveAreSpreadEvenlyInTime(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 A2! B1")
	got := strings.NewReplacer("A1", "A", "B1", "B").Replace(strings.Join(c.picks(1000), ""))
	for _, never := range []string{"BB", "AAAA"} { // seven of ten stay
		if strings.Contains(got, never) {
			t.Errorf("picks %s have %s, want two or three that stay between two that leave", got[:20], never)
		}
	}
}

func TestALossAndAReturnCountAtOnce(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 A2 B1")
	c.wantZones(map[string]int{"A": 1000})
	a1, a2, b1 := c.SubConn("A1"), c.SubConn("A2"), c.SubConn("B1")
	a1.Idle()
	c.wantZones(map[string]int{"A": 700, "B": 300})
	a2.Idle()
	c.wantZones(map[string]int{"B": 1000})
	a1.Ready()
	c.wantZones(map[string]int{"A": 700, "B": 300})
	b1.Idle()
	c.wantZones(map[string]int{"A": 1000})
	a2.Ready()
	b1.Ready()
	c.wantZones(map[string]int{"A": 1000})
}

// The new endpoints are not READY.
func TestAResolverUpdateCountsAtOnce(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 B1")
	c.wantZones(map[string]int{"A": 1000})
	c.update(inA, "A1 A2! B1")
	c.wantZones(map[string]int{"A": 700, "B": 300})
	c.update(inA, "A1 A2! A3! A4! B1")
	c.wantZones(map[string]int{"A": 350, "B": 650})
	c.update(inA, "A1 B1")
	c.wantZones(map[string]int{"A": 1000})
	c.update(inA, "B1 C1")
	c.wantZones(map[string]int{"B": 500, "C": 500})
}

func TestAnEndpointMayMove(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 B1")
	moved := zoneaware.SetZone(endpoint("A1"), "B")
	if err := c.p.UpdateWithConfig(inA, moved, endpoint("B1")); err != nil {
		t.Fatal(err)
	}
	c.wantZones(map[string]int{"A": 500, "B": 500}) // by address
	if len(c.SubConns()) != 2 {
		t.Errorf("%d SubConns, want that the connections are kept", len(c.SubConns()))
	}
}

func TestTheConfigSaysWhereTheClientIs(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{"zone": "B"}`, "A1 B1")
	c.wantZones(map[string]int{"B": 1000})
	c.update(inA, "A1 B1")
	c.wantZones(map[string]int{"A": 1000})
}

func TestAClientWithoutAZoneUsesAllEndpoints(t *testing.T) {
	t.Parallel()
	c := newChannel(t, `{}`, "A1 A2! -1 B1 B2")
	c.wantZones(map[string]int{"A": 250, "-": 250, "B": 500})
}

func TestSetZoneLeavesItsArgumentAsItIs(t *testing.T) {
	t.Parallel()
	a := zoneaware.SetZone(balancertest.WithWeight(balancertest.Endpoint("1"), 3), "A")
	b := zoneaware.SetZone(a, "B")
	if a.Attributes.Equal(b.Attributes) || !a.Attributes.Equal(zoneaware.SetZone(b, "A").Attributes) {
		t.Errorf("attributes %v and %v, want both zones, and the weight with each", a.Attributes, b.Attributes)
	}
}

func TestRPCsWaitOrFailWhileNoEndpointIsReady(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 B1!")
	a := c.SubConn("A1")
	a.Idle()
	if _, err := c.Pick(); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick while an endpoint reconnects: %v, want that it waits", err)
	}
	a.Fail(errors.New("refused"))
	if _, err := c.Pick(); !strings.Contains(fmt.Sprint(err), "refused") {
		t.Errorf("pick after that failed: %v, want the reason", err)
	}
}

// Each update changes the attributes of an endpoint, so there is a new picker.
func TestTheTurnSurvivesANewPicker(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 A2")
	last := c.picks(1)[0]
	for i := range uint32(100) {
		a1 := balancertest.WithWeight(endpoint("A1"), i+1)
		if err := c.p.UpdateWithConfig(inA, a1, endpoint("A2")); err != nil {
			t.Fatal(err)
		}
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
	firsts := map[string]int{}
	for range 50 {
		firsts[newChannel(t, inA, "A1 A2").picks(1)[0]]++
	}
	if len(firsts) != 2 {
		t.Errorf("first picks: %v, want both endpoints", firsts)
	}
}

// Each turn is taken once, whoever takes it.
func TestManyCallersGetTheExactShares(t *testing.T) {
	t.Parallel()
	c := newChannel(t, inA, "A1 A2! B1")
	picker, a := c.State().Picker, balancer.SubConn(c.SubConn("A1"))
	var stayed atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 50_000 {
				res, err := picker.Pick(balancer.PickInfo{})
				if err != nil {
					t.Errorf("pick: %v", err)
					return
				}
				if res.SubConn == a {
					stayed.Add(1)
				}
			}
		})
	}
	for range 5 { // there are new pickers, too; more losses in a row would make base2 pause
		c.SubConn("B1").Idle()
		c.SubConn("B1").Ready()
	}
	callers.Wait()
	if got := stayed.Load(); got != 140_000 {
		t.Errorf("%d of 200000 RPCs stayed, want 140000", got)
	}
}

func TestAPickAllocatesNothing(t *testing.T) {
	picker := newChannel(t, inA, "A1 A2! B1").State().Picker
	if allocs := testing.AllocsPerRun(100, func() { _, _ = picker.Pick(balancer.PickInfo{}) }); allocs != 0 {
		t.Errorf("%v allocations for a pick, want none", allocs)
	}
}

func TestItIsAValidPolicy(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, zoneaware.NewBuilder())
}

func TestItIsAValidPolicyWithZones(t *testing.T) {
	t.Parallel()
	zones := balancertest.MapEndpoints(func(endpoints []resolver.Endpoint) []resolver.Endpoint {
		for i, e := range endpoints {
			endpoints[i] = zoneaware.SetZone(e, []string{"A", "B"}[i%2])
		}
		return endpoints
	})
	balancertest.Check(t, zoneaware.NewBuilder(), balancertest.ConfigFields(inA), zones)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	parser := zoneaware.NewBuilder().(balancer.ConfigParser)
	for config, want := range map[string]string{
		`{}`:                "<nil>",
		`{"zone": "eu-1a"}`: "<nil>",
		`{"zone": 1}`:       `field "zone" is a JSON number`,
	} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("ParseConfig(%s): %v, want %s", config, err, want)
		}
	}
}
