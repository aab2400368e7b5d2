package base2_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// direct builds a policy without balancertest's Policy, which serializes calls.
func direct(t *testing.T) (*balancertest.ClientConn, balancer.Balancer) {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	b := base2.NewBalancerBuilder("test_policy", func() base.PickerBuilder { return &recorder{} }, base2.WithoutHealthChecks())
	return cc, b.Build(cc, balancer.BuildOptions{})
}

func TestExitIdleBeforeTheFirstUpdateDoesNothing(t *testing.T) {
	t.Parallel()
	cc, p := direct(t)
	defer p.Close()
	p.ExitIdle()
	wantStates(t, cc)
	_, err := cc.Pick()
	if !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("pick: %v, want to be queued", err)
	}
}

// gRPC does not call ExitIdle during other calls, but parent policies and programs
// may. The test is for the race detector.
func TestExitIdleMayComeAtAnyTime(t *testing.T) {
	t.Parallel()
	cc, p := direct(t)
	var stop atomic.Bool
	var calling sync.WaitGroup
	for range 2 {
		calling.Go(func() {
			for !stop.Load() {
				p.ExitIdle()
			}
		})
	}
	for i := range 200 {
		s := balancer.ClientConnState{ResolverState: balancertest.ResolverState(endpoints(1 + i%20)...)}
		if err := p.UpdateClientConnState(s); err != nil {
			t.Errorf("update: %v", err)
		}
		if got := len(cc.States()); got != i+1 {
			t.Fatalf("%d reports after %d updates, want one for each", got, i+1)
		}
	}
	p.Close()
	stop.Store(true)
	calling.Wait()
}

// watched checks, when a SubConn is shut down, whether picks can still choose it.
type watched struct {
	*balancertest.ClientConn
	t      *testing.T
	chosen int // SubConns that were shut down while picks could choose them
	total  int
}

type watchedConn struct {
	*balancertest.SubConn
	cc *watched
}

func (cc *watched) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	conn, err := cc.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	return &watchedConn{conn.(*balancertest.SubConn), cc}, nil
}

func (conn *watchedConn) Shutdown() {
	conn.cc.total++
	for range 20 {
		if res, err := conn.cc.State().Picker.Pick(balancer.PickInfo{}); err == nil && res.SubConn == balancer.SubConn(conn) {
			conn.cc.chosen++
			break
		}
	}
	conn.SubConn.Shutdown()
}

// RPCs that pick a SubConn which is shut down wait for the next picker.
func TestSubConnsAreShutDownWhenNoPickerHasThem(t *testing.T) {
	t.Parallel()
	renamed := balancertest.Endpoints("a:1", "b:1", "c:1")
	for i := range renamed {
		renamed[i].Addresses[0].ServerName = "other"
	}
	for name, update := range map[string][]resolver.Endpoint{
		"some are gone": balancertest.Endpoints("a:1"),
		"all are gone":  balancertest.Endpoints("d:1"),
		"empty":         nil,
		"other names":   renamed,
	} {
		cc := &watched{ClientConn: balancertest.NewClientConn(t), t: t}
		b := readyBuilder("test_policy", newTurns)
		p := b.Build(cc, balancer.BuildOptions{})
		send := func(endpoints []resolver.Endpoint) {
			_ = p.UpdateClientConnState(balancer.ClientConnState{ResolverState: balancertest.ResolverState(endpoints...)})
		}
		send(balancertest.Endpoints("a:1", "b:1", "c:1"))
		connectAll(cc.ClientConn)
		send(update)
		gone := 3 - len(update)
		if name == "other names" || name == "all are gone" {
			gone = 3
		}
		if cc.chosen != 0 || cc.total != gone {
			t.Errorf("%s: %d of %d SubConns were shut down while picks could choose them, want none of %d", name, cc.chosen, cc.total, gone)
		}
		if send(update); cc.total != gone {
			t.Errorf("%s: %d SubConns were shut down again", name, cc.total-gone)
		}
		if live := len(cc.Live()); live != len(update) {
			t.Errorf("%s: %d SubConns live, want %d", name, live, len(update))
		}
		p.Close()
	}
}

// newTurns makes a picker that takes the SubConns in turn.
func newTurns(ready []readyEndpoint) balancer.Picker { return &turnPicker{ready: ready} }

type turnPicker struct {
	ready []readyEndpoint
	turn  int
}

func (p *turnPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	p.turn++
	return balancer.PickResult{SubConn: p.ready[p.turn%len(p.ready)].SubConn}, nil
}

// reused overwrites the state with its next update, as a resolver may do.
func reused(s resolver.State, addr string) resolver.State {
	for _, addrs := range [][]resolver.Address{s.Addresses, s.Endpoints[0].Addresses} {
		addrs[0].Addr = addr
	}
	return s
}

func TestAResolverMayReuseItsMemory(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]string{"one address": "", "two addresses": "a:2"} {
		for state, bring := range map[string]func(*balancertest.SubConn){
			"READY":             func(sc *balancertest.SubConn) { sc.Ready() },
			"CONNECTING":        func(sc *balancertest.SubConn) { sc.Connecting() },
			"TRANSIENT_FAILURE": func(sc *balancertest.SubConn) { sc.Fail(errors.New("refused")) },
		} {
			synctest.Test(t, func(t *testing.T) {
				cc, p, _ := build(t)
				e := balancertest.Endpoint("a:1")
				if second != "" {
					e = balancertest.Endpoint("a:1", second)
				}
				s := balancertest.ResolverState(e)
				update := func() {
					if err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
						t.Fatalf("update: %v", err)
					}
				}
				update()
				bring(cc.SubConn("a:1"))
				s = reused(s, "b:1")
				update()
				if b := cc.SubConn("b:1"); !b.Wanted() {
					t.Errorf("%s, %s: the policy does not connect to b:1", name, state)
				}
				p.Close()
			})
		}
	}
}
