package metrics

import (
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// subConn is the SubConn that the policy sees. What it does not intercept goes
// to the embedded SubConn, which is gRPC's. It takes 64 bytes, one cache line:
// among many SubConns, a second line would double the cost of a pick.
type subConn struct {
	// A pick reads these fields. They are set before the policy gets the SubConn
	// and never change.
	balancer.SubConn
	instance *instance
	counts   *record.Counts          // of backendRecord
	done     func(balancer.DoneInfo) // made once

	backendRecord *record.Backend // never changes either

	healthChecked bool // made with HealthCheckEnabled; never changes either

	// Guarded by instance.mu.
	stateNow   uint8 // see state
	connection connection
	usability  record.Usability // usable while the SubConn is not READY
	watch      uint32           // numbers the health listeners; see watchHealth
	since      clock.Instant    // when the state began
}

// state is the SubConn's connectivity state. It is kept in a byte, to save room.
// instance.mu is held.
func (sc *subConn) state() connectivity.State { return connectivity.State(sc.stateNow) }

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
		sc.instance.early.deliver(subConnEvent{sc, s})
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
	inst.targetRecord.AddSubchannel(sc.state())
	return true
}

// untrack stops counting the SubConn, if it is still counted.
func (sc *subConn) untrack() {
	inst := sc.instance
	inst.mu.Lock()
	tracked := sc.untrackLocked()
	inst.mu.Unlock()
	if tracked {
		inst.metrics.records.Release(sc.backendRecord)
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
	inst.targetRecord.RemoveSubchannel(sc.state())
	if sc.state() == connectivity.Ready {
		sc.leaveReadyLocked()
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
	inst.tell(sc.changeState(to, s.ConnectionError)...)
}

// changeState takes a new state and returns the events to tell.
func (sc *subConn) changeState(to connectivity.State, err error) []events.News {
	inst := sc.instance
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if _, tracked := inst.live[sc]; !tracked || to == sc.state() {
		return nil
	}
	now := inst.metrics.clock.Now()
	news := sc.countConnectionLocked(to, err, now)
	if to == connectivity.TransientFailure {
		news = append(news, sc.noteFailureLocked(err, now)...)
	}
	sc.moveLocked(to, now)
	return news
}

// moveLocked changes the state, and the gauges that count SubConns by state.
func (sc *subConn) moveLocked(to connectivity.State, now clock.Instant) {
	b, t := sc.backendRecord, sc.instance.targetRecord
	if sc.state() == connectivity.Ready && sc.leaveReadyLocked() {
		b.WentDown(now)
	}
	t.RemoveSubchannel(sc.state())
	sc.stateNow, sc.since = uint8(to), now
	sc.watch++ // gRPC drops the health listener
	t.AddSubchannel(to)
	if to == connectivity.Ready {
		b.CameUp(now)
	}
}
