package compose_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// counted is data of a SubConn that picks and Dones change.
type counted struct{ picks, dones atomic.Int64 }

// counter wraps a policy, counts picks and Dones, and gives every fourth pick back.
type counter struct {
	started, ended atomic.Int64
	instances      []*compose.Instance
}

func (c *counter) wrap(name string, b balancer.Builder) balancer.Builder {
	return compose.Wrap(name, b, func(i *compose.Instance) compose.Wrapper[*counted] {
		c.instances = append(c.instances, i)
		reports := 0 // without a lock: State is called once at a time
		return compose.Wrapper[*counted]{
			Data: func([]resolver.Address) *counted { return &counted{} },
			State: func(child balancer.State) balancer.State {
				reports++
				inner := child.Picker
				child.Picker = pickerFunc(func(info balancer.PickInfo) (balancer.PickResult, error) { return c.pick(inner, info) })
				return child
			},
		}
	})
}

func (c *counter) pick(child balancer.Picker, info balancer.PickInfo) (balancer.PickResult, error) {
	res, err := child.Pick(info)
	if err != nil {
		return res, err
	}
	sc := res.SubConn.(*compose.SubConn[*counted])
	if sc.Data().picks.Add(1)%4 == 0 || len(sc.Addresses()) != 1 {
		compose.Discard(res)
		return balancer.PickResult{}, errTest
	}
	c.started.Add(1)
	compose.AddDone(&res, func(balancer.DoneInfo) {
		sc.Data().dones.Add(1)
		c.ended.Add(1)
	})
	return res, nil
}

// The test is for the race detector. It also counts: each RPC that started has ended
// once, in both layers.
func TestAllMayHappenAtOnce(t *testing.T) {
	t.Parallel()
	var inner, outer counter
	b := outer.wrap("outer", metrics.New().Instrument(compose.Split("localities", newLocalities)))
	b = inner.wrap("inner", spread{b})
	cc := balancertest.NewClientConn(t)
	p := cc.Build(b)
	lists := [][]resolver.Endpoint{balancertest.Endpoints("a:1", "b:1", "c:1"), balancertest.Endpoints("b:1"), balancertest.Endpoints("c:1", "d:1")}
	update := func(i int) { _ = p.Update(lists[i%len(lists)]...) }
	update(0)

	var stop atomic.Bool
	var running sync.WaitGroup
	repeat := func(f func()) {
		running.Go(func() {
			for !stop.Load() {
				f()
				runtime.Gosched()
			}
		})
	}
	rpc := func() {
		if a, err := cc.Start(balancer.PickInfo{}); err == nil {
			a.End(balancer.DoneInfo{BytesSent: true})
		}
	}
	repeat(rpc)
	repeat(rpc)
	repeat(p.ExitIdle)
	repeat(inner.instances[0].Publish)
	repeat(outer.instances[0].Publish)
	for i := 0; i < 150 || inner.started.Load() < 50; i++ {
		update(i)
		for _, sc := range cc.Live() {
			step(sc)
		}
		rpc()
	}
	p.Close()
	stop.Store(true)
	running.Wait()
	for name, c := range map[string]*counter{"inner": &inner, "outer": &outer} {
		if started, ended := c.started.Load(), c.ended.Load(); started != ended {
			t.Errorf("%s: %d picks, %d ends", name, started, ended)
		}
	}
	if live := cc.Live(); len(live) > 0 {
		t.Errorf("%v are open after Close", live)
	}
}

func step(sc *balancertest.SubConn) {
	switch sc.State() {
	case connectivity.Idle:
		if sc.Wanted() {
			sc.Ready()
		}
	case connectivity.Ready:
		if sc.ConnectCalls()%3 == 0 {
			sc.Idle()
		}
	}
}

// The new child reports from one goroutine while the old one and the channel act too.
func TestAChildMayBeReplacedWhileOthersReport(t *testing.T) {
	t.Parallel()
	s := newReadySwitching(t)
	var running sync.WaitGroup
	old, next := s.old.only(t), s.new.only(t)
	sc := old.newSubConn(t, "a:1")
	listener := grpcSubConn(t, passing{}, sc).listener
	running.Go(func() { next.report(connectivity.Ready, failingWith(errTest)) })
	running.Go(func() { old.report(connectivity.Ready, failingWith(errTest)) })
	running.Go(func() { listener(balancer.SubConnState{ConnectivityState: connectivity.Ready}) })
	running.Go(s.policy.ExitIdle)
	running.Wait()
	s.policy.ResolverError(errTest)
	closes := 0
	for _, call := range old.take() {
		if call == "old 0: close" {
			closes++
		}
	}
	if closes != 1 {
		t.Errorf("the old child was closed %d times, want once", closes)
	}
	if got := s.cc.State().ConnectivityState; got != connectivity.Ready {
		t.Errorf("state %v, want READY", got)
	}
}

func TestClosingWhileChildrenReport(t *testing.T) {
	t.Parallel()
	cc := newChannel(t)
	c := &counter{}
	children := &stubs{name: "child"}
	p := c.wrap("test", children).Build(cc, balancer.BuildOptions{})
	child := children.only(t)
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			if sc, err := child.cc.NewSubConn(addr1, balancer.NewSubConnOptions{}); err == nil {
				defer sc.Shutdown()
			}
			child.report(connectivity.Ready, failingWith(errTest))
			c.instances[0].Publish()
		})
	}
	p.Close()
	cc.take()
	running.Wait()
	for _, call := range cc.take() {
		if call == "state READY" {
			t.Error("the policy reported a state after Close")
		}
	}
}
