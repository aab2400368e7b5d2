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
	reach func(*trial)
}

var situations = []situation{
	{"before any update", func(*trial) {}},
	{"after ExitIdle before any update", func(t *trial) { t.policy.ExitIdle() }},
	{"before connecting", func(t *trial) { t.update(addrA, addrB) }},
	{"while connecting", func(t *trial) {
		t.update(addrA, addrB)
		t.pickAndDiscard()
		t.settle()
		for _, sc := range t.cc.Live() {
			if sc.Wanted() {
				sc.Connecting()
			}
		}
	}},
	{"when READY", func(t *trial) {
		t.update(addrA, addrB)
		t.ready()
	}},
	{"when failing", func(t *trial) {
		t.update(addrA, addrB)
		t.drive(false)
	}},
	{"after a connection was lost", func(t *trial) {
		t.update(addrA, addrB)
		t.ready()
		t.picked()[0].Idle()
	}},
	{"after a connection was lost while gRPC makes another one", func(t *trial) {
		t.update(addrA, addrB)
		t.ready()
		if t.scalesConnections() {
			t.picked()[0].Connecting()
		}
	}},
	{"after a connection was lost in backoff", func(t *trial) {
		t.update(addrA, addrB)
		t.ready()
		if t.scalesConnections() {
			failAttempt(t.picked()[0])
		}
	}},
	{"after an empty update", func(t *trial) {
		t.update(addrA, addrB)
		t.ready()
		_ = t.send() // another demand checks the error
	}},
	{"after an empty first update", func(t *trial) { _ = t.send() }},
	{"after a resolver error", func(t *trial) { t.policy.ResolverError(errResolver) }},
	{"after a resolver error when READY", func(t *trial) {
		t.update(addrA, addrB)
		t.ready()
		t.policy.ResolverError(errResolver)
	}},
	{"after other endpoints came", func(t *trial) {
		t.update(addrA, addrB)
		t.ready()
		t.update(addrB, addrC)
	}},
}

// checkClose closes the policy in the situation, while its goroutines and timers
// may still be running. The channel checks that the policy reports and makes
// nothing afterwards; see clientconn_watch.go.
func checkClose(t *trial, s situation) {
	t.tb.Helper()
	s.reach(t)
	t.close()
	t.wait(longTime)
	for _, sc := range t.cc.Live() {
		t.tb.Errorf("%v is open after Close; shut it down in Close", sc)
	}
}
