package balancertest

import "runtime"

// checkExitIdle has ExitIdle come in the states that a policy can be in. What it
// reports before its first update is left to it: grpc-go's endpointsharding
// reports TRANSIENT_FAILURE, others nothing.
func checkExitIdle(w *world) {
	w.tb.Helper()
	w.exitIdle()
	w.update(addrA, addrB)
	w.exitIdle()
	w.ready()
	w.exitIdle()
	if len(w.picked()) == 0 {
		w.tb.Fatalf("after ExitIdle no RPC gets a SubConn, though the policy was READY; do nothing then")
	}
	w.picked()[0].Idle()
	w.exitIdle()
	w.ready()
	for _, sc := range w.picked() {
		sc.Idle()
	}
	w.drive(false)
	w.exitIdle()
	_ = w.policy.UpdateWithConfig(emptyConfig)
	w.exitIdle()
	w.update(addrA, addrB)
	w.ready()
}

func (w *world) exitIdle() {
	w.policy.ExitIdle()
	w.settle()
}

// checkExitIdleBesideCalls calls ExitIdle on other goroutines than the channel's,
// as parent policies and pickers do.
func checkExitIdleBesideCalls(w *world) {
	w.tb.Helper()
	update := w.updates()
	w.meanwhile(func() {
		for round := range rounds {
			update()
			for _, sc := range w.cc.Live() {
				w.flap(sc, round%3 == 0)
			}
			w.policy.ResolverError(errResolver)
			runtime.Gosched()
		}
	}, w.policy.policy.ExitIdle, w.policy.policy.ExitIdle)
	w.update(addrA, addrB)
	w.ready()
}
