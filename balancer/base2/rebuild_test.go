package base2_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// asking is a Policy that counts its pickers and may be closed.
type asking struct {
	channel *base2.Channel
	inside  bool // ask for another picker while one is made
	pickers atomic.Int32
	closed  atomic.Int32
}

func (a *asking) NewPicker(view base2.View[struct{}]) balancer.Picker {
	if a.closed.Load() > 0 {
		panic("a picker was wanted after Close")
	}
	a.pickers.Add(1)
	if a.inside {
		a.inside = false
		a.channel.Rebuild()
	}
	p := &viewPicker{}
	for _, r := range view.Ready() {
		p.conns = append(p.conns, r.SubConn)
	}
	return p
}

func (a *asking) Close() { a.closed.Add(1) }

func buildAsking(t *testing.T, options ...base2.Option) (*balancertest.ClientConn, *balancertest.Policy, *asking) {
	t.Helper()
	cc, a := balancertest.NewClientConn(t), &asking{}
	p := cc.Build(base2.New("asking", func(c *base2.Channel) *asking { a.channel = c; return a }, options...))
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	return cc, p, a
}

// wantPickers checks how many pickers were made since the last call.
func (a *asking) wantPickers(t *testing.T, when string, want int32) {
	t.Helper()
	if got := a.pickers.Swap(0); got != want {
		t.Errorf("%s: %d pickers, want %d", when, got, want)
	}
}

func TestRebuildLeadsToAPicker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, a := buildAsking(t)
		defer p.Close()
		a.channel.Rebuild()
		advance(time.Hour)
		a.wantPickers(t, "CONNECTING, where the policy makes no picker", 0)
		cc.SubConn("a:1").Ready()
		a.wantPickers(t, "the first connection", 1)
		advance(time.Hour)
		a.wantPickers(t, "an hour later", 0)
		for range 100 {
			a.channel.Rebuild()
		}
		synctest.Wait()
		a.wantPickers(t, "the first requests for a long time", 1)
		for range 100 {
			a.channel.Rebuild()
		}
		advance(5*time.Millisecond - 1)
		a.wantPickers(t, "requests less than 5 ms after a picker", 0)
		advance(1)
		a.wantPickers(t, "at the end of the 5 ms", 1)
		advance(time.Hour)
		a.wantPickers(t, "an hour later", 0)
	})
}

func TestAnotherChangeIsNotDelayedByARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, a := buildAsking(t)
		defer p.Close()
		cc.SubConn("a:1").Ready()
		a.channel.Rebuild()
		synctest.Wait()
		a.wantPickers(t, "a request at once after a picker", 1)
		cc.SubConn("b:1").Ready()
		a.wantPickers(t, "another connection", 1)
		advance(time.Hour)
		a.wantPickers(t, "the request, which that picker has answered", 0)
	})
}

// The policy's pickers do not depend on it.
func TestTheFailureOfAnotherEndpointDoesNotHastenARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, a := buildAsking(t)
		defer p.Close()
		cc.SubConn("a:1").Ready()
		a.wantPickers(t, "the first connection", 1)
		fail(cc.SubConn("b:1"))
		a.channel.Rebuild()
		advance(5*time.Millisecond - 1)
		a.wantPickers(t, "a request less than 5 ms after a picker", 0)
		advance(1)
		a.wantPickers(t, "at the end of the 5 ms", 1)
	})
}

func TestARequestFromNewPickerLeadsToAnotherPicker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, a := buildAsking(t)
		defer p.Close()
		a.inside = true
		cc.SubConn("a:1").Ready()
		advance(time.Hour)
		a.wantPickers(t, "a picker that asks for another one", 2)
	})
}

func TestRebuildWorksInEveryState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, p, a := buildAsking(t, base2.WithEveryState())
		defer p.Close()
		a.wantPickers(t, "the first update", 1)
		a.channel.Rebuild()
		advance(time.Hour)
		a.wantPickers(t, "a request while CONNECTING", 1)
	})
}

// Policies may call Rebuild at the end of each RPC. The test is not parallel, because it
// counts allocations.
func TestOnlyTheFirstRequestCostsSomething(t *testing.T) {
	_, p, a := buildAsking(t)
	defer p.Close()
	a.channel.Rebuild() // no picker is made in CONNECTING
	if allocs := testing.AllocsPerRun(100, a.channel.Rebuild); allocs != 0 {
		t.Errorf("%v allocations for another request, want none", allocs)
	}
}

func TestAPolicyIsClosedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, a := buildAsking(t)
		cc.SubConn("a:1").Ready()
		a.channel.Rebuild()
		if a.closed.Load() != 0 {
			t.Fatal("it was closed too early")
		}
		p.Close()
		a.channel.Rebuild()
		advance(time.Hour) // a picker would panic
		if got := a.closed.Load(); got != 1 {
			t.Errorf("Close was called %d times, want once", got)
		}
	})
}

func TestRebuildAfterLeadsToAPickerThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, p, a := buildAsking(t)
		cc.SubConn("a:1").Ready()
		advance(time.Hour)
		a.wantPickers(t, "the first connection", 1)
		a.channel.RebuildAfter(time.Second)
		a.channel.RebuildAfter(3 * time.Second) // replaces it
		advance(3*time.Second - 1)
		a.wantPickers(t, "just before the time", 0)
		advance(1)
		a.wantPickers(t, "at the time", 1)
		a.channel.RebuildAfter(time.Second)
		cc.SubConn("b:1").Ready()
		advance(time.Hour)
		a.wantPickers(t, "another connection, which answers the request", 1)
		a.channel.RebuildAfter(-time.Second)
		advance(5 * time.Millisecond)
		a.wantPickers(t, "a time that has passed", 1)
		advance(time.Hour)
		a.wantPickers(t, "later", 0)
		a.channel.RebuildAfter(time.Second)
		p.Close()
		a.channel.RebuildAfter(time.Second)
		advance(time.Hour) // a picker would panic
	})
}
