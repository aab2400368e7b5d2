package base2_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// step is something that happens, and the number of pickers that follow with and
// without WithEveryState.
type step struct {
	name  string
	do    func(*balancertest.ClientConn, *balancertest.Policy) error
	every int
	ready int
}

// connection makes a step of what happens to the SubConn to addr.
func connection(addr string, what func(*balancertest.SubConn)) func(*balancertest.ClientConn, *balancertest.Policy) error {
	return func(cc *balancertest.ClientConn, _ *balancertest.Policy) error {
		what(cc.SubConn(addr))
		return nil
	}
}

func list(addrs ...string) func(*balancertest.ClientConn, *balancertest.Policy) error {
	return func(_ *balancertest.ClientConn, p *balancertest.Policy) error {
		return p.Update(balancertest.Endpoints(addrs...)...)
	}
}

func fail(sc *balancertest.SubConn) { sc.Fail(errors.New("refused")) }

func TestWhatLeadsToAPicker(t *testing.T) {
	t.Parallel()
	steps := []step{
		{"first update", list("a:1", "b:1"), 1, 0},
		{"the same update", list("a:1", "b:1"), 0, 0},
		{"another order", list("b:1", "a:1"), 1, 0},
		{"a failure", connection("a:1", fail), 1, 0},
		{"the first connection", connection("b:1", (*balancertest.SubConn).Ready), 1, 1},
		{"the backoff ends, the policy connects again, and is TRANSIENT_FAILURE still", connection("a:1", (*balancertest.SubConn).Idle), 0, 0},
		{"an endpoint that is not READY gets attributes", func(_ *balancertest.ClientConn, p *balancertest.Policy) error {
			endpoints := balancertest.Endpoints("b:1", "a:1")
			endpoints[1].Attributes = attributes.New("zone", "east")
			return p.Update(endpoints...)
		}, 1, 0},
		{"an error of the resolver", func(_ *balancertest.ClientConn, p *balancertest.Policy) error {
			p.ResolverError(errors.New("no answer"))
			return nil
		}, 1, 0},
		{"the resolver recovers, without these attributes", list("b:1", "a:1"), 1, 0},
		{"another connection; CONNECTING until its health is known", connection("a:1", (*balancertest.SubConn).Ready), 2, 1},
		{"an endpoint that is not READY comes", list("b:1", "a:1", "c:1"), 1, 0},
		{"one that is READY goes", list("b:1", "c:1"), 1, 1},
		{"the last connection is lost; the policy reconnects at once", connection("b:1", (*balancertest.SubConn).Idle), 2, 0},
	}
	for name, options := range map[string][]base2.Option{"in every state": {base2.WithEveryState()}, "in READY": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cc, p, v := buildViewer(t, options...)
			for _, s := range steps {
				before, want := len(v.statuses), s.ready
				if options != nil {
					want = s.every
				}
				if err := s.do(cc, p); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				if got := len(v.statuses) - before; got != want {
					t.Errorf("%s: %d pickers, want %d", s.name, got, want)
				}
			}
		})
	}
}

func TestRPCsWithoutAnEndpointWaitOrFail(t *testing.T) {
	t.Parallel()
	cc, p, v := buildViewer(t, base2.WithEveryState())
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	fail(cc.SubConn("a:1"))
	if err := v.errs[len(v.errs)-1]; !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("while b:1 connects PickError is %v, want one that lets RPCs wait", err)
	}
	fail(cc.SubConn("b:1"))
	const want = "viewer: none of 2 endpoints is ready: connect to a:1: refused; connect to b:1: refused"
	if err := v.errs[len(v.errs)-1]; err == nil || err.Error() != want {
		t.Errorf("PickError is %v, want %s", err, want)
	}
	if got := v.states[len(v.states)-1]; got != stFailure || cc.State().ConnectivityState != stFailure {
		t.Errorf("the policy sees %v and the channel %v, want TRANSIENT_FAILURE", got, cc.State().ConnectivityState)
	}
	if _, err := cc.Pick(); err == nil || err.Error() == want {
		t.Errorf("pick: %v, want what the policy's picker returns", err)
	}
}

func TestWithoutEndpointsRPCsFailInEveryState(t *testing.T) {
	t.Parallel()
	cc, p, v := buildViewer(t, base2.WithEveryState())
	p.ResolverError(errors.New("no answer"))
	if err := p.Update(); err == nil {
		t.Error("an update without endpoints was accepted")
	}
	if len(v.statuses) != 0 {
		t.Errorf("%d pickers without endpoints, want none", len(v.statuses))
	}
	wantPickError(t, cc, "viewer: no endpoints to pick from: name resolver error: produced zero addresses")
}

// Many endpoints that connect, fail or reconnect do not lead to as many pickers.
func TestRebuildsInEveryStateAreDelayedToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, v := buildViewer(t, base2.WithEveryState(), base2.WithRebuildCost(buildCost))
		mustUpdate(t, p, endpoints(200)...)
		before := len(v.statuses)
		for _, sc := range cc.Live() {
			fail(sc)
		}
		if got := len(v.statuses) - before; got != 1 { // the last one changes the aggregate
			t.Errorf("%d pickers while 200 endpoints failed, want 1", got)
		}
		advance(10 * buildCost)
		for _, s := range v.last() {
			if s.State != stFailure {
				t.Fatalf("the last picker sees %v, want TRANSIENT_FAILURE of all", s)
			}
		}
	})
}
