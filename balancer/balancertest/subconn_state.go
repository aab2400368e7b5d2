package balancertest

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// Connecting delivers CONNECTING. With [ClientConn.SetConnectionScaling], a READY
// SubConn has then lost its connection while another one was being made.
func (sc *SubConn) Connecting() {
	sc.cc.tb.Helper()
	sc.SetState(connectivity.Connecting, nil)
}

// Ready delivers READY, after CONNECTING if the SubConn was IDLE.
func (sc *SubConn) Ready() {
	sc.cc.tb.Helper()
	sc.throughConnecting()
	sc.SetState(connectivity.Ready, nil)
}

// Fail delivers TRANSIENT_FAILURE with the cause, after CONNECTING if the
// SubConn was IDLE. Only a connection attempt can fail: if the SubConn is READY or
// in TRANSIENT_FAILURE, call [SubConn.Idle] first. With
// [ClientConn.SetConnectionScaling], a READY SubConn may lose its connection after the
// attempt at another one has failed with the cause.
func (sc *SubConn) Fail(cause error) {
	sc.cc.tb.Helper()
	sc.throughConnecting()
	sc.SetState(connectivity.TransientFailure, cause)
}

// Idle delivers IDLE: a READY SubConn has lost its connection, or the backoff of
// one in TRANSIENT_FAILURE is over. The SubConn can connect again when the policy has
// asked for it; see [SubConn.Wanted].
//
// Not every policy asks at once. Those built on this module's base2 pause before they
// reconnect if more than five connections in a row were each lost within a second.
// To take an endpoint down and up many times, let each connection live for a second
// in a [testing/synctest] bubble. Or, if the policy follows health checks, use
// [SubConn.SetHealth].
func (sc *SubConn) Idle() {
	sc.cc.tb.Helper()
	sc.SetState(connectivity.Idle, nil)
}

func (sc *SubConn) throughConnecting() {
	sc.cc.tb.Helper()
	if sc.State() == connectivity.Idle {
		sc.Connecting()
	}
}

// SetState delivers a state change to the policy, and returns when the policy has
// handled it. It fails the test if gRPC cannot produce the change. It does nothing
// once the SubConn is shut down.
//
// From inside a call of the policy, such as a wrapped Connect, SetState returns at
// once, and the change is delivered after that call has returned. This also holds
// for SetHealth and for the methods named after states.
func (sc *SubConn) SetState(to connectivity.State, cause error) {
	sc.cc.tb.Helper()
	if from, wanted, ok := sc.change(to); !ok {
		sc.cc.tb.Fatalf("balancertest: set state of %v: gRPC cannot go from %v to %v; %s", sc, from, to, wayOut(from, to, wanted))
	}
	sc.cc.serial.submit(func() { sc.deliver(balancer.SubConnState{ConnectivityState: to, ConnectionError: cause}) })
}

// change sets the state. It returns false if gRPC cannot go there from the current
// state.
func (sc *SubConn) change(to connectivity.State) (from connectivity.State, wanted, ok bool) {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	from, wanted = sc.state, sc.wanted
	if sc.shutdown {
		return from, wanted, true
	}
	possible := canFollow(from, to, wanted) || sc.cc.scaling && lostInAttempt(from, to)
	if !possible {
		return from, wanted, false
	}
	sc.state = to
	sc.health = nil
	if to == connectivity.Idle {
		sc.wanted = false
	}
	return from, wanted, true
}

// deliver passes the state on to the policy. It runs in the serializer.
func (sc *SubConn) deliver(s balancer.SubConnState) {
	switch {
	case !sc.markDelivered(s.ConnectivityState):
	case sc.listener != nil:
		sc.listener(s)
	case sc.policy != nil:
		sc.policy.updateSubConnState(sc, s)
	}
}

// markDelivered records what is delivered next. It returns false after SHUTDOWN,
// which is final.
func (sc *SubConn) markDelivered(state connectivity.State) bool {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	if sc.delivered == connectivity.Shutdown {
		return false
	}
	sc.delivered = state
	if sc.cc.log.enabled() {
		sc.cc.log.note("%s: %v", sc.labelLocked(), state)
	}
	return true
}

// canFollow reports whether gRPC's addrConn can go from one state to the other. It has
// one connection.
func canFollow(from, to connectivity.State, connectCalled bool) bool {
	switch from {
	case connectivity.Idle:
		return to == connectivity.Connecting && connectCalled
	case connectivity.Connecting:
		return to == connectivity.Ready || to == connectivity.TransientFailure || to == connectivity.Idle
	case connectivity.Ready, connectivity.TransientFailure:
		return to == connectivity.Idle
	default:
		return false
	}
}

// lostInAttempt reports whether a SubConn with several connections goes from one state
// to the other when it has lost the last one (gRFC A105).
func lostInAttempt(from, to connectivity.State) bool {
	return from == connectivity.Ready && (to == connectivity.Connecting || to == connectivity.TransientFailure)
}

// wayOut says what to do instead of a state change that gRPC cannot produce.
func wayOut(from, to connectivity.State, connectCalled bool) string {
	switch {
	case to == connectivity.Shutdown:
		return "only the policy shuts a SubConn down"
	case lostInAttempt(from, to):
		return "call Idle first: the connection is lost; or, if SubConns may have several (gRFC A105), call SetConnectionScaling"
	case from == connectivity.Ready:
		return "call Idle first: the connection is lost"
	case from == connectivity.TransientFailure:
		return "call Idle first: the backoff is over"
	case from == connectivity.Connecting:
		return "end the attempt first, with Ready, Fail or Idle"
	case connectCalled:
		return "call Connecting first"
	default:
		return "the policy has not asked to connect; see SubConn.Wanted"
	}
}
