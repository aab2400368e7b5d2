package metrics

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// shortLife is how long a connection must live not to be lost early.
const shortLife = time.Second

// count takes note of the SubConn's new state.
func (c *channel) count(sc *subConn, s balancer.SubConnState) {
	to := s.ConnectivityState
	if to == connectivity.Shutdown {
		c.leave(sc)
		return
	}
	if to < connectivity.Idle || to > connectivity.TransientFailure {
		return // there are no others; nobody should fall over one
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, counted := c.live[sc]; !counted || to == sc.state {
		return
	}
	now := c.metrics.now()
	c.countConnectionLocked(sc, to, now)
	if to == connectivity.TransientFailure {
		sc.backend.lastFailure.Store(&failure{err: s.ConnectionError, at: now})
	}
	c.moveLocked(sc, to, now)
}

// countConnectionLocked counts what the step from the SubConn's state to
// another says of its connection. gRPC always goes through CONNECTING; fakes of
// it may not.
func (c *channel) countConnectionLocked(sc *subConn, to connectivity.State, now instant) {
	from, b := sc.state, sc.backend
	switch {
	case from == connectivity.Ready:
		b.disconnections.Add(1)
		if time.Duration(now-sc.since) < shortLife {
			b.early.Add(1)
		}
	case to == connectivity.Ready:
		b.connected.Add(1)
		if from == connectivity.Connecting {
			c.target.connectDuration.Observe(time.Duration(now - sc.since).Seconds())
		}
	case to == connectivity.TransientFailure:
		b.connectFailed.Add(1)
	case from == connectivity.Connecting:
		// To IDLE: connected, and lost before gRPC could say READY.
		b.connected.Add(1)
		b.disconnections.Add(1)
		b.early.Add(1)
	}
}

// moveLocked moves the SubConn from its state to another.
func (c *channel) moveLocked(sc *subConn, to connectivity.State, now instant) {
	if sc.state == connectivity.Ready {
		sc.backend.ready.Add(-1)
	}
	c.target.subchannels[sc.state].Add(-1)
	sc.state, sc.since = to, now
	c.target.subchannels[to].Add(1)
	if to == connectivity.Ready {
		sc.backend.ready.Add(1)
	}
}
