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
func checkConcurrency(w *world) {
	w.tb.Helper()
	w.update(addrA, addrB)
	w.meanwhile(func() {
		for round := range rounds {
			for _, sc := range w.cc.Live() {
				w.flap(sc, round%3 == 0)
			}
			runtime.Gosched()
		}
	}, w.pickAlone, w.pickAlone, w.policy.ExitIdle, w.updates())
	w.update(addrA, addrB)
	w.wait(longTime) // so many losses may make a policy pause
	w.ready()
	w.meanwhile(w.close, w.pickAlone, w.pickAlone)
	w.settle()
	for _, sc := range w.cc.Live() {
		w.tb.Errorf("%v is open after Close; shut it down in Close", sc)
	}
}

func (w *world) pickAlone() { _, _ = w.pick() }

// updates returns a call that sends one of several lists of endpoints, each time
// another.
func (w *world) updates() func() {
	lists := [][]string{{addrB, addrA}, {addrB, addrC}, {addrA, addrB}}
	n := 0
	return func() {
		_ = w.policy.UpdateWithConfig(emptyConfig, Endpoints(lists[n%len(lists)]...)...)
		n++
	}
}

// meanwhile repeats each of the calls on a goroutine until do has returned. A call
// that panics is not repeated.
func (w *world) meanwhile(do func(), calls ...func()) {
	var stop atomic.Bool
	var running sync.WaitGroup
	defer running.Wait()
	defer stop.Store(true)
	for _, call := range calls {
		running.Go(func() {
			defer func() { w.explain(recover()) }()
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
func (w *world) flap(sc *SubConn, fail bool) {
	w.tb.Helper()
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
