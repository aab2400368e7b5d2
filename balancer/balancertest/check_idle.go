package balancertest

import "runtime"

// checkExitIdle has ExitIdle come in the states that a policy can be in. What it
// reports before its first update is left to it: grpc-go's endpointsharding
// reports TRANSIENT_FAILURE, others nothing.
func checkExitIdle(t *trial) {
	t.tb.Helper()
	t.exitIdle()
	t.update(addrA, addrB)
	t.exitIdle()
	t.ready()
	t.exitIdle()
	if len(t.picked()) == 0 {
		t.tb.Fatalf("after ExitIdle no RPC gets a SubConn, though the policy was READY; do nothing then")
	}
	t.picked()[0].Idle()
	t.exitIdle()
	t.ready()
	for _, sc := range t.picked() {
		sc.Idle()
	}
	t.drive(false)
	t.exitIdle()
	_ = t.policy.UpdateWithConfig(emptyConfig)
	t.exitIdle()
	t.update(addrA, addrB)
	t.ready()
}

func (t *trial) exitIdle() {
	t.policy.ExitIdle()
	t.settle()
}

// checkExitIdleBesideCalls calls ExitIdle on other goroutines than the channel's,
// as parent policies and pickers do.
func checkExitIdleBesideCalls(t *trial) {
	t.tb.Helper()
	update := t.updates()
	t.meanwhile(func() {
		for round := range rounds {
			update()
			for _, sc := range t.cc.Live() {
				t.flap(sc, round%3 == 0)
			}
			t.policy.ResolverError(errResolver)
			runtime.Gosched()
		}
	}, t.policy.policy.ExitIdle, t.policy.policy.ExitIdle)
	t.update(addrA, addrB)
	t.ready()
}
