package balancertest

import "google.golang.org/grpc/connectivity"

// checkService takes the policy up, down, and up again.
func checkService(t *trial) {
	t.tb.Helper()
	t.update(addrA, addrB)
	t.ready()
	for _, sc := range t.cc.Live() {
		if sc.State() == connectivity.Ready {
			sc.Idle()
			t.settle()
		}
	}
	t.drive(false)
	t.wait(promptly)
	t.wantFailure("when connections to all endpoints fail")
	t.ready()
}

// checkLoss loses the connections that RPCs use, one after the other, and replaces
// none.
func checkLoss(t *trial) {
	t.tb.Helper()
	t.update(addrA, addrB)
	t.ready()
	for _, sc := range t.picked() {
		t.lose(sc, sc.Idle)
	}
}

// lose loses the connection of a SubConn that RPCs use.
func (t *trial) lose(sc *SubConn, lose func()) {
	t.tb.Helper()
	before, served := len(t.cc.States()), t.servedByOthers(sc)
	lose()
	t.wait(promptly)
	if len(t.cc.States()) == before {
		t.tb.Errorf("no new picker within %v after the connection of %v was lost; report one, because RPCs that chose it wait", promptly, sc)
	}
	t.picked()
	t.wantNoneWaitsOf(served, sc)
}

// checkScaledLoss loses connections while gRPC tries to make others to the same
// addresses. Then these are made, or not.
func checkScaledLoss(t *trial) {
	t.tb.Helper()
	for _, addrs := range [][]string{{addrA, addrB}, {addrA}} {
		t.update(addrs...)
		for _, lose := range []func(*SubConn){failAttempt, (*SubConn).Connecting} {
			t.ready()
			t.loseAll(lose)
			t.ready()
			t.loseAll(lose)
			t.drive(false)
			t.wait(promptly)
			t.wantFailure("when connections are lost and no others can be made,")
		}
	}
	t.ready()
}

// loseAll loses the connections that RPCs use, until there are none, and then the others.
func (t *trial) loseAll(lose func(*SubConn)) {
	t.tb.Helper()
	for used := t.picked(); len(used) > 0 && !t.tb.Failed(); used = t.picked() {
		t.lose(used[0], func() { lose(used[0]) })
	}
	for _, sc := range t.cc.Live() {
		if sc.State() == connectivity.Ready {
			lose(sc)
			t.settle()
		}
	}
}

// failAttempt loses the connection after the attempt at another one has failed.
func failAttempt(sc *SubConn) { sc.Fail(errRefused) }

// checkReplacement replaces all endpoints in a resolver update.
func checkReplacement(t *trial) {
	t.tb.Helper()
	t.update(addrA, addrB)
	t.ready()
	current := t.update(addrC)
	t.wantNoneShutDown("after an update")
	t.ready()
	t.wait(longTime)
	for _, sc := range t.cc.Live() {
		if !sc.isOf(current) {
			t.tb.Errorf("%v is open, though the resolver removed its endpoint and another is READY; shut it down", sc)
		}
	}
}

// wantNoneShutDown fails the test if RPCs go to SubConns that are shut down. The
// picker may still choose SubConns that have just lost their connection.
func (t *trial) wantNoneShutDown(when string) {
	t.tb.Helper()
	for i := range pickCount * len(t.options.rpcs) {
		if sc, err := t.pick(i % len(t.options.rpcs)); err == nil && sc.IsShutdown() {
			t.tb.Errorf("%s the picker chose %v, which is shut down; report a picker without it before Shutdown, because RPCs that choose it wait", when, sc)
			return
		}
	}
}
