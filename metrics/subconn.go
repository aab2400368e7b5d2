package metrics

import (
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// subConn is the SubConn that the policy sees. What it does not intercept goes
// to the embedded one, which is gRPC's. It takes 64 bytes, one cache line: among
// many, another line costs a pick as much as all the rest.
type subConn struct {
	// The first fields are those that a pick reads. They are set before the
	// policy gets the SubConn and stay as they are.
	balancer.SubConn
	channel *channel
	counts  *counts                 // the backend's
	done    func(balancer.DoneInfo) // made once

	backend *backend // stays as it is, too

	// Guarded by channel.mu.
	state connectivity.State
	since instant // when the state began
}

// Shutdown implements [balancer.SubConn]. gRPC's last event, SHUTDOWN, comes
// late or, when the policy is closed, never; so the SubConn leaves here.
func (sc *subConn) Shutdown() {
	sc.channel.leave(sc)
	sc.SubConn.Shutdown()
}

// String keeps a policy's log lines as they are without the decorator.
func (sc *subConn) String() string { return fmt.Sprint(sc.SubConn) }

// stateListener returns the StateListener that gRPC knows. It tells the policy in
// the way that the policy chose: by its listener or, if that is nil, by
// UpdateSubConnState. gRPC tells nothing of a SubConn before Connect was called
// on it, so that sc is complete.
func (sc *subConn) stateListener(policy func(balancer.SubConnState)) func(balancer.SubConnState) {
	return func(s balancer.SubConnState) {
		sc.channel.count(sc, s)
		if policy != nil {
			policy(s)
			return
		}
		sc.channel.tell(subConnEvent{sc, s})
	}
}

// enter tells whether the SubConn is counted from now on, which it is not if its
// policy was closed meanwhile.
func (c *channel) enter(sc *subConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return false
	}
	c.live[sc] = struct{}{}
	c.target.subchannels[sc.state].Add(1)
	return true
}

// leave ends the counting of a SubConn, if it has not ended.
func (c *channel) leave(sc *subConn) {
	c.mu.Lock()
	left := c.leaveLocked(sc)
	c.mu.Unlock()
	if left {
		c.metrics.release(sc.backend)
	}
}

// leaveLocked tells whether the SubConn was counted until now. The caller then
// releases its backend when it has given up mu.
func (c *channel) leaveLocked(sc *subConn) bool {
	if _, counted := c.live[sc]; !counted {
		return false
	}
	delete(c.live, sc)
	c.target.subchannels[sc.state].Add(-1)
	if sc.state == connectivity.Ready {
		sc.backend.ready.Add(-1)
	}
	return true
}
