package balancertest

import (
	"errors"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// checkEmptyUpdate sends empty updates, first and when READY. The policy may
// serve RPCs from what it had or have them fail, but they must not wait: there
// may never be another update.
func checkEmptyUpdate(w *world) {
	w.tb.Helper()
	w.empty()
	w.wantFailure("after an empty first update")
	w.update(addrA, addrB)
	w.ready()
	w.empty()
	w.wantNoneShutDown("after an empty update")
	w.drive(true)
	if _, err := w.pick(); errors.Is(err, balancer.ErrNoSubConnAvailable) {
		w.tb.Errorf("after an empty update RPCs wait; serve them from the endpoints before, or have them fail")
	}
	w.update(addrA, addrB)
	w.ready()
}

func (w *world) empty() {
	w.tb.Helper()
	if err := w.policy.UpdateWithConfig(emptyConfig); !errors.Is(err, balancer.ErrBadResolverState) {
		w.tb.Errorf("empty resolver update: error %v, want balancer.ErrBadResolverState, or gRPC does not resolve again", err)
	}
	w.wait(promptly)
}

func checkEarlyResolverError(w *world) {
	w.tb.Helper()
	w.policy.ResolverError(errResolver)
	w.wait(promptly)
	w.wantFailure("after a resolver error before any update")
	w.update(addrA, addrB)
	w.ready()
}

func checkLateResolverError(w *world) {
	w.tb.Helper()
	w.update(addrA, addrB)
	w.ready()
	live := w.cc.Live()
	w.policy.ResolverError(errResolver)
	w.wait(promptly)
	if s := w.cc.State().ConnectivityState; s != connectivity.Ready {
		w.tb.Errorf("the policy reports %v after a resolver error, want READY: its connections are as good as before", s)
	}
	if len(w.picked()) == 0 {
		w.tb.Errorf("no RPC gets a SubConn after a resolver error; keep the picker")
	}
	for _, sc := range live {
		if sc.IsShutdown() {
			w.tb.Errorf("%v is shut down after a resolver error; keep it", sc)
		}
	}
}
