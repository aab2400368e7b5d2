package balancertest

import "google.golang.org/grpc/connectivity"

// checkService takes the policy up, down, and up again.
func checkService(w *world) {
	w.tb.Helper()
	w.update(addrA, addrB)
	w.ready()
	for _, sc := range w.cc.Live() {
		if sc.State() == connectivity.Ready {
			sc.Idle()
			w.settle()
		}
	}
	w.drive(false)
	w.wait(promptly)
	w.wantFailure("when connections to all endpoints fail")
	w.ready()
}

// checkLoss loses the connections that RPCs go to, one after the other, and
// makes none anew.
func checkLoss(w *world) {
	w.tb.Helper()
	w.update(addrA, addrB)
	w.ready()
	for _, sc := range w.picked() {
		before := len(w.cc.States())
		sc.Idle()
		w.wait(promptly)
		if len(w.cc.States()) == before {
			w.tb.Errorf("no new picker within %v after the connection of %v was lost; report one, or RPCs that chose it wait", promptly, sc)
		}
		w.picked()
	}
}

// checkReplacement has the resolver replace all endpoints.
func checkReplacement(w *world) {
	w.tb.Helper()
	w.update(addrA, addrB)
	w.ready()
	w.update(addrC)
	w.wantNoneShutDown("after an update")
	w.ready()
	w.wait(longTime)
	for _, sc := range w.cc.Live() {
		if sc.Addr() != addrC {
			w.tb.Errorf("%v is open, though the resolver has taken its endpoint away and another is READY; shut it down", sc)
		}
	}
}

// wantNoneShutDown fails the test if RPCs go to SubConns that are shut down.
// Those that merely have lost their connection may be chosen for a moment.
func (w *world) wantNoneShutDown(when string) {
	w.tb.Helper()
	for range pickCount {
		if sc, err := w.pick(); err == nil && sc.IsShutdown() {
			w.tb.Errorf("%s the picker chose %v, which is shut down; report a picker without it first, or RPCs wait for one", when, sc)
			return
		}
	}
}
