package balancertest

import "google.golang.org/grpc/balancer"

// checkShutdownOrder removes some or all endpoints of a READY policy. It checks
// what the picker chose at the moment of each Shutdown. It does not check Close,
// where the order does not matter.
func checkShutdownOrder(t *trial) {
	t.tb.Helper()
	t.cc.watchShutdowns()
	for _, removal := range []func(){
		func() { t.update(addrB) },
		func() { t.update(addrC) },
		func() { t.update(addrB, addrC) },
		func() { t.update(addrD) },
		func() { _ = t.send() }, // another demand checks the error
		func() {
			t.picked()[0].Idle() // the policy may delay the new picker, but not beyond the Shutdown
			t.update(addrD)
		},
	} {
		t.update(addrA, addrB, addrC)
		t.ready()
		removal()
		t.settle()
		t.wantNoneChosenAtShutdown()
		t.wait(longTime)
		t.wantNoneChosenAtShutdown()
	}
}

// wantNoneChosenAtShutdown fails the test if a SubConn was shut down while the
// current picker chose it. It picks only now, with the picker of that moment: at
// the Shutdown itself the policy may hold a lock that Pick takes. A picker keeps
// choosing a SubConn after its Shutdown, so nothing is missed.
func (t *trial) wantNoneChosenAtShutdown() {
	t.tb.Helper()
	for _, c := range t.cc.takeShutdowns() {
		if t.chooses(c.picker, c.sc) {
			t.tb.Errorf("%v was shut down while the picker chose it; report a picker without it before Shutdown, because RPCs that choose it wait", c.sc)
		}
	}
}

// chooses reports whether the picker chooses the SubConn for any RPC.
func (t *trial) chooses(picker balancer.Picker, sc *SubConn) bool {
	t.tb.Helper()
	for i := range pickCount * len(t.options.rpcs) {
		chosen, res, err := t.cc.pickWith(picker, t.options.rpcs[i%len(t.options.rpcs)])
		if err == nil && res.Done != nil {
			res.Done(balancer.DoneInfo{}) // as if the SubConn had no connection
		}
		if err == nil && chosen == sc {
			return true
		}
	}
	return false
}
