package balancertest

import "errors"

const (
	addrA = "10.0.0.1:50051"
	addrB = "10.0.0.2:50051"
	addrC = "10.0.0.3:50051"
	addrD = "10.0.0.4:50051"
)

var errResolver = errors.New("resolver: no such host")

// situation is a state that a policy can be brought to.
type situation struct {
	name  string
	reach func(*world)
}

var situations = []situation{
	{"before any update", func(*world) {}},
	{"after ExitIdle before any update", func(w *world) { w.policy.ExitIdle() }},
	{"before connecting", func(w *world) { w.update(addrA, addrB) }},
	{"while connecting", func(w *world) {
		w.update(addrA, addrB)
		w.pickAlone()
		w.settle()
		for _, sc := range w.cc.Live() {
			if sc.Wanted() {
				sc.Connecting()
			}
		}
	}},
	{"when READY", func(w *world) {
		w.update(addrA, addrB)
		w.ready()
	}},
	{"when failing", func(w *world) {
		w.update(addrA, addrB)
		w.drive(false)
	}},
	{"after a connection was lost", func(w *world) {
		w.update(addrA, addrB)
		w.ready()
		w.picked()[0].Idle()
	}},
	{"after an empty update", func(w *world) {
		w.update(addrA, addrB)
		w.ready()
		_ = w.policy.UpdateWithConfig(emptyConfig) // another demand is about the error
	}},
	{"after an empty first update", func(w *world) { _ = w.policy.UpdateWithConfig(emptyConfig) }},
	{"after a resolver error", func(w *world) { w.policy.ResolverError(errResolver) }},
	{"after a resolver error when READY", func(w *world) {
		w.update(addrA, addrB)
		w.ready()
		w.policy.ResolverError(errResolver)
	}},
	{"after other endpoints came", func(w *world) {
		w.update(addrA, addrB)
		w.ready()
		w.update(addrB, addrC)
	}},
}

// checkClose closes the policy in the situation, before its goroutines and
// timers have run their course. That nothing is reported or made afterwards is
// watched by the channel, see misuse.go.
func checkClose(w *world, s situation) {
	w.tb.Helper()
	s.reach(w)
	w.close()
	w.wait(longTime)
	for _, sc := range w.cc.Live() {
		w.tb.Errorf("%v is open after Close; shut it down in Close", sc)
	}
}
