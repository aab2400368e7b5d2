package balancertest

import (
	"runtime"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/connectivity"
)

const rounds = 200

// checkConcurrency has everything come at once that gRPC does not put in order,
// and then picks during Close. The race detector sees more of it.
func checkConcurrency(t *trial) {
	t.tb.Helper()
	t.update(addrA, addrB)
	t.meanwhile(func() {
		for round := range rounds {
			for _, sc := range t.cc.Live() {
				t.flap(sc, round%3 == 0)
			}
			runtime.Gosched()
		}
	}, t.pickAlone, t.pickAlone, t.policy.ExitIdle, t.updates())
	t.update(addrA, addrB)
	t.wait(longTime) // so many losses may make a policy pause
	t.ready()
	t.meanwhile(t.close, t.pickAlone, t.pickAlone)
	t.settle()
	for _, sc := range t.cc.Live() {
		t.tb.Errorf("%v is open after Close; shut it down in Close", sc)
	}
}

func (t *trial) pickAlone() { _, _ = t.pick() }

// updates returns a call that sends one of several lists of endpoints, each time
// another.
func (t *trial) updates() func() {
	lists := [][]string{{addrB, addrA}, {addrB, addrC}, {addrA, addrB}}
	n := 0
	return func() {
		_ = t.policy.UpdateWithConfig(emptyConfig, Endpoints(lists[n%len(lists)]...)...)
		n++
	}
}

// meanwhile repeats each of the calls on a goroutine until do has returned. A call
// that panics is not repeated.
func (t *trial) meanwhile(do func(), calls ...func()) {
	var stop atomic.Bool
	var running sync.WaitGroup
	defer running.Wait()
	defer stop.Store(true)
	for _, call := range calls {
		running.Go(func() {
			defer func() { t.explain(recover()) }()
			until(&stop, call)
		})
	}
	do()
}

// until repeats do until stop is set.
func until(stop *atomic.Bool, do func()) {
	for !stop.Load() {
		do()
		runtime.Gosched()
	}
}

// flap takes the SubConn one state on.
func (t *trial) flap(sc *SubConn, fail bool) {
	t.tb.Helper()
	switch state := sc.State(); {
	case state == connectivity.Idle && sc.Wanted():
		sc.Connecting()
	case state == connectivity.Connecting && fail:
		sc.Fail(errRefused)
	case state == connectivity.Connecting:
		sc.Ready()
	case state == connectivity.Ready, state == connectivity.TransientFailure:
		sc.Idle()
	}
}
