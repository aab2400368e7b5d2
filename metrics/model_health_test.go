package metrics_test

import (
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// watch registers a health listener, or nil.
func (m *model) watch(sc *modelSubConn, some bool) {
	if !some {
		sc.sc.RegisterHealthListener(nil)
		m.watched(sc, 0, "")
		return
	}
	sc.sc.RegisterHealthListener(func(balancer.SubConnState) { sc.heard++ })
	m.watched(sc, len(sc.fake.health), "unchecked")
}

func (m *model) watched(sc *modelSubConn, listener int, usable string) {
	if sc.gone || sc.state != ready {
		return
	}
	sc.watching = listener
	m.setUsable(sc, "", -1)
	m.setUsable(sc, usable, 1)
}

// health sends an update to all listeners that the SubConn has had, the latest
// first. Only that one counts, and only for the connection it was registered for.
func (m *model) health(sc *modelSubConn, state connectivity.State, cause error) {
	heard := sc.heard
	listeners := 0
	for i, listener := range slices.Backward(sc.fake.health) {
		if listener == nil {
			continue
		}
		listeners++
		s := balancer.SubConnState{ConnectivityState: state, ConnectionError: cause}
		if i+1 != sc.watching { // late
			s = balancer.SubConnState{ConnectivityState: failure}
			if sc.usable != "" {
				s.ConnectivityState = ready
			}
		}
		listener(s)
	}
	if sc.heard != heard+listeners {
		m.t.Errorf("the policy heard %d of %d health updates", sc.heard-heard, listeners)
	}
	if sc.watching == 0 {
		return
	}
	usable := map[connectivity.State]string{ready: "", failure: "ejected"}
	why, known := usable[state]
	switch {
	case !known:
		why = "unchecked"
	case state == failure && cause != nil:
		why = "unhealthy"
	}
	m.watched(sc, sc.watching, why)
}
