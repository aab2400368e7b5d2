package metrics

import (
	"fmt"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// shortLife is how long a connection must live for its loss not to count as early.
const shortLife = time.Second

// subConn is the SubConn that the policy sees. What it does not intercept goes
// to the embedded SubConn, which is gRPC's. It takes 64 bytes, one cache line:
// among many SubConns, a second line would double the cost of a pick.
type subConn struct {
	// A pick reads these fields. They are set before the policy gets the SubConn
	// and never change.
	balancer.SubConn
	instance *instance
	counts   *counts                 // those of backendRecord
	done     func(balancer.DoneInfo) // made once

	backendRecord *backendRecord // never changes either

	// Guarded by instance.mu.
	state connectivity.State
	since instant // when the state began
}

// Shutdown implements [balancer.SubConn]. Counting ends here: gRPC's last event,
// SHUTDOWN, comes late or, when the policy is closed, never.
func (sc *subConn) Shutdown() {
	sc.untrack()
	sc.SubConn.Shutdown()
}

// String keeps a policy's log lines as they are without the decorator.
func (sc *subConn) String() string { return fmt.Sprint(sc.SubConn) }

// stateListener returns the StateListener for gRPC. It passes events on in the
// way that the policy chose: to its listener or, if that is nil, to
// UpdateSubConnState. gRPC sends no event before Connect is called on the
// SubConn, so sc is complete by then.
func (sc *subConn) stateListener(listener func(balancer.SubConnState)) func(balancer.SubConnState) {
	return func(s balancer.SubConnState) {
		sc.countState(s)
		if listener != nil {
			listener(s)
			return
		}
		sc.instance.events.deliver(subConnEvent{sc, s})
	}
}

// track starts to count the SubConn, unless its policy was closed meanwhile. It
// reports whether it did.
func (sc *subConn) track() bool {
	inst := sc.instance
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if inst.closed.Load() {
		return false
	}
	inst.live[sc] = struct{}{}
	inst.targetRecord.subchannels[sc.state].Add(1)
	return true
}

// untrack stops counting the SubConn, if it is still counted.
func (sc *subConn) untrack() {
	inst := sc.instance
	inst.mu.Lock()
	tracked := sc.untrackLocked()
	inst.mu.Unlock()
	if tracked {
		inst.metrics.records.release(sc.backendRecord)
	}
}

// untrackLocked reports whether the SubConn was counted until now. If so, the
// caller must release its backend's record once it has unlocked instance.mu.
func (sc *subConn) untrackLocked() bool {
	inst := sc.instance
	if _, tracked := inst.live[sc]; !tracked {
		return false
	}
	delete(inst.live, sc)
	inst.targetRecord.subchannels[sc.state].Add(-1)
	if sc.state == connectivity.Ready {
		sc.backendRecord.ready.Add(-1)
	}
	return true
}

// countState counts a state change.
func (sc *subConn) countState(s balancer.SubConnState) {
	inst, to := sc.instance, s.ConnectivityState
	if to == connectivity.Shutdown {
		sc.untrack()
		return
	}
	if to < connectivity.Idle || to > connectivity.TransientFailure {
		return // gRPC has no other states; an unknown one must not panic
	}
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if _, tracked := inst.live[sc]; !tracked || to == sc.state {
		return
	}
	now := inst.metrics.now()
	sc.countConnectionLocked(to, now)
	if to == connectivity.TransientFailure {
		sc.backendRecord.lastFailure.Store(&failure{err: s.ConnectionError, at: now})
	}
	sc.moveLocked(to, now)
}

// countConnectionLocked counts the connection that was made, lost or failed if
// the state changes from sc.state to another. gRPC always goes through
// CONNECTING; fakes may not.
func (sc *subConn) countConnectionLocked(to connectivity.State, now instant) {
	from, b := sc.state, sc.backendRecord
	switch {
	case from == connectivity.Ready:
		b.disconnections.Add(1)
		if time.Duration(now-sc.since) < shortLife {
			b.lostEarly.Add(1)
		}
	case to == connectivity.Ready:
		b.connected.Add(1)
		if from == connectivity.Connecting {
			sc.instance.targetRecord.connectDuration.Observe(time.Duration(now - sc.since).Seconds())
		}
	case to == connectivity.TransientFailure:
		b.connectFailed.Add(1)
	case from == connectivity.Connecting:
		// To IDLE: the connection was made, and lost before gRPC reported READY.
		b.connected.Add(1)
		b.disconnections.Add(1)
		b.lostEarly.Add(1)
	}
}

// moveLocked changes the state, and the gauges that count SubConns by state.
func (sc *subConn) moveLocked(to connectivity.State, now instant) {
	if sc.state == connectivity.Ready {
		sc.backendRecord.ready.Add(-1)
	}
	subchannels := &sc.instance.targetRecord.subchannels
	subchannels[sc.state].Add(-1)
	sc.state, sc.since = to, now
	subchannels[to].Add(1)
	if to == connectivity.Ready {
		sc.backendRecord.ready.Add(1)
	}
}
