package singleconnection_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/examples/policies/singleconnection"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRefused = errors.New("refused")

// channel is a fake channel in a synctest bubble, and what moves it.
type channel struct {
	*balancertest.ClientConn
	t      *testing.T
	policy *balancertest.Policy
	mover  *singleconnection.Mover
}

func newChannel(t *testing.T, endpoints ...resolver.Endpoint) *channel {
	return newMovedBy(t, new(singleconnection.Mover), endpoints...)
}

func newMovedBy(t *testing.T, m *singleconnection.Mover, endpoints ...resolver.Endpoint) *channel {
	c := &channel{ClientConn: balancertest.NewClientConn(t), t: t, mover: m}
	c.policy = c.Build(singleconnection.NewBuilder(m))
	t.Cleanup(c.policy.Close)
	c.update(endpoints...)
	return c
}

func (c *channel) update(endpoints ...resolver.Endpoint) {
	c.t.Helper()
	if err := c.policy.Update(endpoints...); err != nil {
		c.t.Fatalf("update: %v", err)
	}
	synctest.Wait()
}

// move moves the channel, and waits until it has begun.
func (c *channel) move() {
	c.mover.Move(0)
	advance(10 * time.Millisecond)
}

// advance lets time pass in the bubble and waits for the effects.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// wanted returns the SubConns that the policy wants connected, and are not.
func (c *channel) wanted() (wanted []*balancertest.SubConn) {
	synctest.Wait()
	for _, sc := range c.Live() {
		if s := sc.State(); s == connectivity.Connecting || s == connectivity.Idle && sc.Wanted() {
			wanted = append(wanted, sc)
		}
	}
	return wanted
}

// trying returns the only SubConn that the policy wants connected.
func (c *channel) trying() *balancertest.SubConn {
	c.t.Helper()
	wanted := c.wanted()
	if len(wanted) != 1 {
		c.t.Fatalf("the policy connects %v, want one SubConn", wanted)
	}
	return wanted[0]
}

// connect makes the SubConn READY that the policy wants connected.
func (c *channel) connect() *balancertest.SubConn {
	c.t.Helper()
	sc := c.trying()
	sc.Ready()
	synctest.Wait()
	return sc
}

// wantOnly fails the test unless RPCs go to the SubConn, and all others are shut down or
// IDLE.
func (c *channel) wantOnly(want *balancertest.SubConn) {
	c.t.Helper()
	c.wantRPCsAt(want)
	for _, sc := range c.Live() {
		if sc != want && (sc.State() != connectivity.Idle || sc.Wanted()) {
			c.t.Errorf("%v is in %v, want only %v", sc, sc.State(), want)
		}
	}
}

func (c *channel) wantRPCsAt(want *balancertest.SubConn) {
	c.t.Helper()
	if sc, err := c.Pick(); sc != want || sc.State() != connectivity.Ready {
		c.t.Errorf("an RPC goes to %v, error %v, want %v, and READY", sc, err, want)
	}
}

func (c *channel) wantError(want string) {
	c.t.Helper()
	if _, err := c.Pick(); err == nil || err.Error() != want {
		c.t.Errorf("pick:\n got %v\nwant %s", err, want)
	}
}

func listed(n int) []resolver.Endpoint {
	addrs := make([]string, n)
	for i := range addrs {
		addrs[i] = fmt.Sprintf("10.0.0.%d:1", i)
	}
	return balancertest.Endpoints(addrs...)
}

func TestItConnectsToOneEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(5)...)
		for range 3 { // further updates connect no other one
			c.wantError(balancer.ErrNoSubConnAvailable.Error())
			c.update(listed(6)...)
		}
		sc := c.connect()
		c.wantOnly(sc)
		c.update(listed(5)...)
		c.wantOnly(sc)
		advance(24 * time.Hour) // it does not move unless it is told to
		c.wantOnly(sc)
	})
}

// Each of two updates that come together may find that no endpoint connects yet.
func TestUpdatesInARowConnectOneEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(singleconnection.NewBuilder(new(singleconnection.Mover)))
		defer p.Close()
		for n := range 10 {
			if err := p.Update(listed(100 + n)...); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if live := cc.Live(); len(live) != 1 {
			t.Errorf("the policy connects %v, want one SubConn", live)
		}
	})
}

// With 400 channels and four endpoints, 100 at each are expected, with a standard
// deviation of 8.7.
func TestTheEndpointIsRandom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := make(map[string]int)
		for range 400 {
			got[newChannel(t, listed(4)...).trying().Addr()]++
		}
		for _, e := range listed(4) {
			if n := got[e.Addresses[0].Addr]; n < 56 || n > 144 {
				t.Errorf("%d of 400 channels connect to %s, want about 100", n, e.Addresses[0].Addr)
			}
		}
	})
}

func TestItTriesAllEndpoints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(3)...)
		for range 3 {
			c.wantError(balancer.ErrNoSubConnAvailable.Error())
			c.trying().Fail(errRefused)
			synctest.Wait()
		}
		if got := c.State().ConnectivityState; got != connectivity.TransientFailure {
			t.Errorf("the policy reports %v, want TRANSIENT_FAILURE", got)
		}
		c.wantError("single_connection: none of 3 endpoints is ready: connect to 10.0.0.0:1: refused; connect to 10.0.0.1:1: refused; connect to 10.0.0.2:1: refused")
		// The first that can be reached again is the one to keep.
		sc := c.SubConn("10.0.0.1:1")
		sc.Idle()
		sc.Ready()
		synctest.Wait()
		c.wantOnly(sc)
	})
}

func TestItLeavesAnEndpointThatIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(2)...)
		a := c.connect()
		for range 10 {
			advance(time.Second) // a connection that lives shorter counts as a failure
			a.Idle()
			c.wantError(balancer.ErrNoSubConnAvailable.Error())
			b := c.connect()
			if a.Addr() == b.Addr() {
				t.Fatalf("it connects to %s again, want the other endpoint", a.Addr())
			}
			c.wantOnly(b)
			a = b
		}
		// The other one fails: it comes back.
		a.Idle()
		c.trying().Fail(errRefused)
		b := c.connect()
		if a.Addr() != b.Addr() {
			t.Errorf("it connects to %s, want %s: the other one has failed", b.Addr(), a.Addr())
		}
		c.wantOnly(b)
	})
}

func TestTheOnlyEndpointReconnects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(1)...)
		sc := c.connect()
		sc.Idle()
		c.wantOnly(c.connect())
	})
}

func TestItLeavesAnEndpointThatTheResolverDrops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, balancertest.Endpoint("a:1"))
		a := c.connect()
		c.update(balancertest.Endpoint("b:1"))
		c.wantError(balancer.ErrNoSubConnAvailable.Error())
		b := c.connect()
		c.wantOnly(b)
		if !a.IsShutdown() || b.Addr() != "b:1" {
			t.Errorf("the channel uses %v; old SubConn shut down: %v", b, a.IsShutdown())
		}
	})
}

func TestAMoveLosesNoRPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(3)...)
		old := c.connect()
		for range 10 {
			c.move()
			c.wantRPCsAt(old)
			next := c.trying()
			next.Connecting()
			c.wantRPCsAt(old)
			next.Ready()
			c.wantRPCsAt(next)
			synctest.Wait()
			c.wantOnly(next)
			if next.Addr() == old.Addr() {
				t.Errorf("it moved from %s to itself", old.Addr())
			}
			old = next
		}
	})
}

func TestAMoveTriesTheOtherEndpointsAndThenStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(4)...)
		stay := c.connect()
		for range 3 { // each move tries each of the others once
			c.move()
			for range 3 {
				c.wantRPCsAt(stay)
				c.trying().Fail(errRefused)
				synctest.Wait()
			}
			c.wantOnly(stay)
		}
		c.move()
		c.trying().Fail(errRefused)
		c.wantOnly(c.connect())
		if !stay.IsShutdown() {
			t.Error("the old connection is open after the move")
		}
	})
}

func TestAMoveNeedsAnotherEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(1)...)
		c.move() // before there is a connection
		sc := c.connect()
		c.move()
		c.wantOnly(sc)
		c.update(listed(2)...)
		c.wantOnly(sc) // the moves are over
	})
}

func TestTheConnectionMayBeLostDuringAMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(2)...)
		old := c.connect()
		c.move()
		old.Idle()
		c.wantError(balancer.ErrNoSubConnAvailable.Error())
		next := c.connect()
		if next.Addr() == old.Addr() {
			t.Errorf("it connects to %s again", old.Addr())
		}
		c.wantOnly(next)
	})
}

// Of 400 channels, half are expected to have moved after half the time, with a standard
// deviation of 10.
func TestMovesAreSpreadOverTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, channels := new(singleconnection.Mover), make([]*channel, 400)
		for i := range channels {
			channels[i] = newMovedBy(t, m, listed(2)...)
			channels[i].connect()
		}
		moved := func() (n int) {
			for _, c := range channels {
				n += len(c.SubConns()) - 1
			}
			return n
		}
		m.Move(time.Hour) // the next call replaces this one
		m.Move(10 * time.Second)
		advance(5 * time.Second)
		if n := moved(); n < 150 || n > 250 {
			t.Errorf("%d of 400 channels moved in the first half of the time, want about 200", n)
		}
		advance(5*time.Second + 10*time.Millisecond)
		if n := moved(); n != 400 {
			t.Errorf("%d of 400 channels moved, want all", n)
		}
		advance(2 * time.Hour)
		if n := moved(); n != 400 {
			t.Errorf("%d moves in the end, want 400", n)
		}
	})
}

func TestAChannelThatIsClosedDoesNotMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(singleconnection.Mover)
		cc := balancertest.NewClientConn(t)
		closed, b := cc.Build(singleconnection.NewBuilder(m)), newMovedBy(t, m, listed(2)...)
		if err := closed.Update(listed(2)...); err != nil {
			t.Fatal(err)
		}
		b.connect()
		cc.Live()[0].Ready()
		m.Move(time.Second)
		closed.Close()
		if n := m.Channels(); n != 1 {
			t.Errorf("the mover knows %d channels, want 1", n)
		}
		m.Move(time.Second)
		advance(2 * time.Second)
		b.connect()
		if n := len(cc.SubConns()); n != 1 {
			t.Errorf("the closed channel made %d SubConns, want 1", n)
		}
	})
}

// The test is for the race detector.
func TestMovesMayComeAtAnyTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChannel(t, listed(5)...)
		var others sync.WaitGroup
		others.Go(func() {
			for range 100 {
				c.mover.Move(0)
				time.Sleep(time.Millisecond)
			}
		})
		for range 2 {
			others.Go(func() {
				for range 1000 {
					_, _ = c.Pick()
					time.Sleep(100 * time.Microsecond)
				}
			})
		}
		for i := range 100 {
			for _, sc := range c.Live() {
				switch {
				case sc.State() == connectivity.Idle && sc.Wanted():
					sc.Ready()
				case sc.State() == connectivity.Ready && i%5 == 0:
					sc.Idle()
				}
			}
			time.Sleep(time.Millisecond)
		}
		others.Wait()
		advance(time.Hour) // after so many losses there may be a pause
		if len(c.wanted()) > 0 {
			c.connect()
		}
		sc, err := c.Pick()
		if err != nil {
			t.Fatalf("pick: %v", err)
		}
		c.wantOnly(sc)
	})
}

func TestItIsAValidPolicy(t *testing.T) {
	t.Parallel()
	balancertest.Check(t, singleconnection.NewBuilder(new(singleconnection.Mover)))
}
