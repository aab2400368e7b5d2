package pickfirst2_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// The delay ends while an update holds the policy's mutex. If the update starts
// another delay, the end of the first one must not begin an attempt. Which of the two
// gets the mutex first is random, so the test tries many times.
func TestADelayThatWasReplacedBeginsNothing(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			cc := balancertest.NewClientConn(t)
			busy := time.Duration(0)
			p := cc.Build(between(func(inner balancer.ClientConn) balancer.ClientConn {
				return slowConn{ClientConn: inner, busy: &busy}
			}))
			defer p.Close()
			mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
			advance(200 * time.Millisecond)
			busy = 50 * time.Millisecond
			mustUpdate(t, p, balancertest.Endpoints("c:1", "d:1")...) // d's turn is at 500 ms
			synctest.Wait()
			wantConnecting(t, cc, 2)
			advance(249 * time.Millisecond)
			wantConnecting(t, cc, 2)
			advance(time.Millisecond)
			wantConnecting(t, cc, 3)
		})
	}
}

// slowConn takes a while to handle a report, while the policy holds its mutex.
type slowConn struct {
	balancer.ClientConn
	busy *time.Duration
}

func (c slowConn) UpdateState(s balancer.State) {
	c.ClientConn.UpdateState(s)
	if d := *c.busy; d > 0 {
		*c.busy = 0
		time.Sleep(d)
		for range 100 { // let a timer that fires now wait for the mutex
			runtime.Gosched()
		}
	}
}

// TestAnyCallAtAnyTime is for the race detector, and finds deadlocks. ExitIdle, and
// Close too, may come during any other call.
func TestAnyCallAtAnyTime(t *testing.T) {
	t.Parallel()
	for range 20 {
		cc := balancertest.NewClientConn(t)
		p := pickfirst2.NewBuilder().Build(cc, balancer.BuildOptions{})
		calls := []func(int){
			func(int) { p.ExitIdle() },
			func(int) { _, _ = cc.Pick() },
			func(i int) {
				endpoints := balancertest.Endpoints([]string{"a:1", "b:1"}[i%2], "c:1")[:i%3]
				_ = p.UpdateClientConnState(gated(endpoints...))
			},
			func(int) { p.ResolverError(errors.New("no such name")) },
			func(i int) {
				for _, sc := range cc.SubConns() { // also those that are shut down
					switch sc.State() {
					case connectivity.Idle:
						tryReady(sc, i)
					case connectivity.Ready, connectivity.TransientFailure:
						sc.Idle()
					}
				}
			},
			func(i int) {
				if i == 50 {
					p.Close()
				}
			},
		}
		var running sync.WaitGroup
		for _, call := range calls {
			running.Go(func() {
				for i := range 100 {
					call(i)
				}
			})
		}
		running.Wait()
		p.Close()
		if live := cc.Live(); len(live) > 0 {
			t.Errorf("live SubConns after Close: %v", live)
		}
	}
}

// TestPicksRaceEverything is for the race detector: picks come from any goroutine
// while connections are made and lost.
func TestPicksRaceEverything(t *testing.T) {
	t.Parallel()
	cc, p := build(t)
	stop := make(chan struct{})
	var picking sync.WaitGroup
	for range 4 {
		picking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = cc.Pick()
				}
			}
		})
	}
	for i := range 300 {
		mustUpdate(t, p, balancertest.Endpoints([]string{"a:1", "b:1"}[i%2], "c:1")...)
		for _, sc := range cc.Live() {
			switch sc.State() {
			case stIdle:
				p.ExitIdle()
				tryReady(sc, i)
			case stReady, stFailure:
				sc.Idle()
			}
		}
	}
	close(stop)
	picking.Wait()
}

// tryReady completes the attempt of a SubConn, if Connect was called: with READY or,
// for every third i, with a failure.
func tryReady(sc *balancertest.SubConn, i int) {
	if !sc.Wanted() {
		return
	}
	if i%3 == 0 {
		sc.Fail(errors.New("refused"))
		return
	}
	sc.Ready()
}
