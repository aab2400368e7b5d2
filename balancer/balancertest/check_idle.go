package balancertest

import "runtime"

// checkExitIdle calls ExitIdle in each state that a policy can be in. It accepts
// any report before the first update: grpc-go's endpointsharding reports
// TRANSIENT_FAILURE then, other policies report nothing.
func checkExitIdle(t *trial) {
	t.tb.Helper()
	t.exitIdle()
	t.update(addrA, addrB)
	t.exitIdle()
	t.ready()
	t.exitIdle()
	if len(t.picked()) == 0 {
		t.tb.Fatalf("after ExitIdle no RPC gets a SubConn, though the policy was READY; do nothing in ExitIdle when READY")
	}
	t.picked()[0].Idle()
	t.exitIdle()
	t.ready()
	for _, sc := range t.picked() {
		sc.Idle()
	}
	t.drive(false)
	t.exitIdle()
	_ = t.send()
	t.exitIdle()
	t.update(addrA, addrB)
	t.ready()
}

func (t *trial) exitIdle() {
	t.policy.ExitIdle()
	t.settle()
}

// checkExitIdleBesideCalls calls ExitIdle on its own goroutines during other
// calls, as parent policies and pickers do.
func checkExitIdleBesideCalls(t *trial) {
	t.tb.Helper()
	update := t.updates()
	t.concurrently(func() {
		for round := range rounds {
			update()
			for _, sc := range t.cc.Live() {
				t.step(sc, round)
			}
			t.policy.ResolverError(errResolver)
			runtime.Gosched()
		}
	}, t.policy.policy.ExitIdle, t.policy.policy.ExitIdle)
	t.update(addrA, addrB)
	t.ready()
}
