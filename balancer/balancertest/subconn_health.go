package balancertest

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// healthListener is a pointer type so that listeners can be compared: an update to
// a listener that was replaced is dropped.
type healthListener struct {
	notify func(balancer.SubConnState)
}

// RegisterHealthListener implements [balancer.SubConn]. As in gRPC, it has an
// effect only on a READY SubConn, and only until the SubConn's next state change.
func (sc *SubConn) RegisterHealthListener(notify func(balancer.SubConnState)) {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	if sc.delivered != connectivity.Ready || sc.state != connectivity.Ready {
		return
	}
	sc.health = nil
	if notify == nil {
		return
	}
	listener := &healthListener{notify: notify}
	sc.health = listener
	if !sc.cc.manualHealth {
		sc.cc.serial.enqueue(func() { sc.deliverHealth(listener, balancer.SubConnState{ConnectivityState: connectivity.Ready}) })
	}
}

// SetHealth delivers a health update to the listener of the current READY period.
// It reports whether there is one. It needs no [ClientConn.SetManualHealth]: without
// it the listener receives the channel's READY first.
func (sc *SubConn) SetHealth(state connectivity.State, cause error) bool {
	sc.cc.mu.Lock()
	listener := sc.health
	sc.cc.mu.Unlock()
	if listener == nil {
		return false
	}
	sc.cc.serial.submit(func() {
		sc.deliverHealth(listener, balancer.SubConnState{ConnectivityState: state, ConnectionError: cause})
	})
	return true
}

// deliverHealth runs in the serializer.
func (sc *SubConn) deliverHealth(listener *healthListener, s balancer.SubConnState) {
	sc.cc.mu.Lock()
	current := sc.health == listener
	if current && sc.cc.log.enabled() {
		sc.cc.log.note("%s: health %v", sc.labelLocked(), s.ConnectivityState)
	}
	sc.cc.mu.Unlock()
	if current {
		listener.notify(s)
	}
}
