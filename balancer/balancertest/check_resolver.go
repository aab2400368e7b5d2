package balancertest

import (
	"errors"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// checkEmptyUpdate sends an empty update first of all, and one when READY. The
// policy may serve RPCs from the endpoints it had, or let them fail. They must not
// wait: another update may never come.
func checkEmptyUpdate(t *trial) {
	t.tb.Helper()
	t.emptyUpdate()
	t.wantFailure("after an empty first update")
	t.update(addrA, addrB)
	t.ready()
	t.emptyUpdate()
	t.wantNoneShutDown("after an empty update")
	t.drive(true)
	for rpc := range t.options.rpcs {
		if t.waits(rpc) {
			t.tb.Errorf("after an empty update RPCs%s wait; keep using the old endpoints, or let RPCs fail", t.name(rpc))
		}
	}
	t.update(addrA, addrB)
	t.ready()
}

func (t *trial) emptyUpdate() {
	t.tb.Helper()
	if err := t.send(); !errors.Is(err, balancer.ErrBadResolverState) {
		t.tb.Errorf("empty resolver update: error %v, want balancer.ErrBadResolverState; otherwise gRPC does not resolve again", err)
	}
	t.wait(promptly)
}

func checkEarlyResolverError(t *trial) {
	t.tb.Helper()
	t.policy.ResolverError(errResolver)
	t.wait(promptly)
	t.wantFailure("after a resolver error before any update")
	t.update(addrA, addrB)
	t.ready()
}

func checkLateResolverError(t *trial) {
	t.tb.Helper()
	t.update(addrA, addrB)
	t.ready()
	live := t.cc.Live()
	t.policy.ResolverError(errResolver)
	t.wait(promptly)
	if s := t.cc.State().ConnectivityState; s != connectivity.Ready {
		t.tb.Errorf("the policy reports %v after a resolver error, want READY: its connections still work", s)
	}
	if len(t.picked()) == 0 {
		t.tb.Errorf("no RPC gets a SubConn after a resolver error; keep the picker")
	}
	t.wantNoneWaits("after a resolver error")
	for _, sc := range live {
		if sc.IsShutdown() {
			t.tb.Errorf("%v is shut down after a resolver error; keep it", sc)
		}
	}
}
