package balancertest

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// name identifies the RPC at the index in a message, to be put after "RPC" or "RPCs".
// It is empty without ByKey, where there is only one.
func (t *trial) name(rpc int) string {
	if !t.options.byKey {
		return ""
	}
	return fmt.Sprintf(" like rpcs[%d] of ByKey", rpc)
}

// waits reports whether the picker lets the RPC at the index wait.
func (t *trial) waits(rpc int) bool {
	t.tb.Helper()
	_, err := t.pick(rpc)
	return errors.Is(err, balancer.ErrNoSubConnAvailable)
}

// wantNoneWaits fails the test if RPCs of a policy by key wait when all connections
// that it wants are made: nothing would end their wait. The RPCs of other policies
// may be spread at random, and wait for a connection that they have just asked for.
func (t *trial) wantNoneWaits(when string) {
	t.tb.Helper()
	if !t.options.byKey {
		return
	}
	for rpc := range t.options.rpcs {
		if !t.waits(rpc) {
			continue
		}
		t.wait(longTime) // the policy may pause before it reconnects
		t.drive(true)
		if t.waits(rpc) {
			t.tb.Errorf("%s RPCs%s wait, though the policy wants no more connections; connect to their endpoint, or let them fail", when, t.name(rpc))
		}
	}
}

// servedByOthers returns the READY SubConns other than sc that RPCs go to, by index of
// the RPC. It is for policies by key; for others it returns none.
func (t *trial) servedByOthers(sc *SubConn) map[int]*SubConn {
	t.tb.Helper()
	served := make(map[int]*SubConn)
	if !t.options.byKey {
		return served
	}
	for rpc := range t.options.rpcs {
		if other, err := t.pick(rpc); err == nil && other != sc && other.State() == connectivity.Ready {
			served[rpc] = other
		}
	}
	return served
}

// wantNoneWaitsOf fails the test if an RPC waits that other SubConns than the lost one
// have served.
func (t *trial) wantNoneWaitsOf(served map[int]*SubConn, lost *SubConn) {
	t.tb.Helper()
	for rpc, other := range served {
		if t.waits(rpc) {
			t.tb.Errorf("RPCs%s wait after the connection of %v was lost, though they went to %v, which is READY; let RPCs wait for their own endpoint only", t.name(rpc), lost, other)
		}
	}
}
