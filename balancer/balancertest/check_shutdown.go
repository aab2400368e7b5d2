package balancertest

import "google.golang.org/grpc/balancer"

// closing is a SubConn that the policy shut down, and the picker that RPCs got
// then.
type closing struct {
	sc     *SubConn
	picker balancer.Picker
}

// checkShutdownOrder takes SubConns away from a policy that is READY, some or all
// of them, and looks at what picks chose at the moment of each Shutdown. In Close
// the order does not matter, and nobody looks.
func checkShutdownOrder(t *trial) {
	t.tb.Helper()
	t.cc.watchShutdowns()
	for _, removal := range []func(){
		func() { t.update(addrB) },
		func() { t.update(addrC) },
		func() { t.update(addrB, addrC) },
		func() { t.update(addrD) },
		func() { _ = t.policy.UpdateWithConfig(emptyConfig) }, // another demand is about the error
		func() {
			t.picked()[0].Idle() // what the picker chooses is replaced soon, and must be before the Shutdown
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

// wantNoneChosenAtShutdown fails the test if a SubConn was shut down that the last
// picker before chose. That is tried now and not then, when a lock of the policy
// may have been held that Pick takes; a picker does not change its mind for a
// SubConn that is shut down.
func (t *trial) wantNoneChosenAtShutdown() {
	t.tb.Helper()
	for _, c := range t.cc.takeShutdowns() {
		for range pickCount {
			sc, done, err := t.cc.pickWith(c.picker)
			if err == nil && done != nil {
				done(balancer.DoneInfo{}) // as if the SubConn had no connection
			}
			if err == nil && sc == c.sc {
				t.tb.Errorf("%v was shut down while the picker chose it; report a picker without it first, or RPCs that choose it wait for one", sc)
				break
			}
		}
	}
}

// watchShutdowns has the channel note which SubConns are shut down from now on.
func (cc *ClientConn) watchShutdowns() {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.watching = true
}

// takeShutdowns returns what was noted since the last call.
func (cc *ClientConn) takeShutdowns() []closing {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	noted := cc.closings
	cc.closings = nil
	return noted
}
