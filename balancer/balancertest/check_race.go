package balancertest

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/connectivity"
)

const rounds = 200

// checkConcurrency makes all kinds of calls concurrently, and then picks during
// Close. Run it with the race detector, which finds more.
func checkConcurrency(t *trial) {
	t.tb.Helper()
	t.update(addrA, addrB)
	t.concurrently(func() {
		for round := range rounds {
			for _, sc := range t.cc.Live() {
				t.step(sc, round)
			}
			runtime.Gosched()
		}
	}, t.pickAndDiscard, t.pickAndDiscard, t.policy.ExitIdle, t.updates())
	t.update(addrA, addrB)
	t.wait(longTime) // after so many losses a policy may pause
	t.ready()
	t.concurrently(t.close, t.pickAndDiscard, t.pickAndDiscard)
	t.settle()
	for _, sc := range t.cc.Live() {
		t.tb.Errorf("%v is open after Close; shut it down in Close", sc)
	}
}

// pickAndDiscard picks once for each RPC.
func (t *trial) pickAndDiscard() {
	for rpc := range t.options.rpcs {
		_, _ = t.pick(rpc)
	}
}

// updates returns a function that sends an update. Each call sends the next of
// several lists of endpoints.
func (t *trial) updates() func() {
	lists := [][]string{{addrB, addrA}, {addrB, addrC}, {addrA, addrB}}
	n := 0
	return func() {
		_ = t.send(t.endpoints(lists[n%len(lists)])...)
		n++
	}
}

// concurrently runs do, and repeats each of the calls on its own goroutine until do
// has returned. It does not repeat a call that panicked.
func (t *trial) concurrently(do func(), calls ...func()) {
	var stop atomic.Bool
	var running sync.WaitGroup
	defer running.Wait()
	defer stop.Store(true)
	for _, call := range calls {
		running.Go(func() {
			defer func() { t.reportPanic(recover()) }()
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

// scalesConnections reports whether a SubConn may have several connections.
func (t *trial) scalesConnections() bool { return !slices.Contains(t.options.exceptions, LostIsIdle) }

// step moves the SubConn to its next state. In each third round attempts fail. In each
// second one, connections are lost while gRPC makes others, or could not.
func (t *trial) step(sc *SubConn, round int) {
	t.tb.Helper()
	state := sc.State()
	inAttempt := state == connectivity.Ready && t.scalesConnections() && round%2 == 1
	switch {
	case state == connectivity.Idle && sc.Wanted(), inAttempt && round%4 == 1:
		sc.Connecting()
	case state == connectivity.Connecting && round%3 == 0, inAttempt:
		sc.Fail(errRefused)
	case state == connectivity.Connecting:
		sc.Ready()
	case state == connectivity.Ready, state == connectivity.TransientFailure:
		sc.Idle()
	}
}
