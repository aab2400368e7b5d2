package metrics

import (
	"strings"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

// shortLife is how long a connection must live for its loss not to count as early.
const shortLife = time.Second

// connection is what is known of the connection of a SubConn. It matters for one
// that was made with HealthCheckEnabled: gRPC then reports health checks as state
// changes of the SubConn, between READY, CONNECTING and TRANSIENT_FAILURE, while
// the connection stands.
type connection uint8

const (
	noConnection connection = iota // none, or none that gRPC has told of
	freshConnection
	settledConnection // the SubConn has changed its state since it was made
)

// countConnectionLocked counts the connection that was made, lost or failed if
// the state changes to another, and returns what is to be told of it. gRPC always
// goes through CONNECTING; fakes may not.
func (sc *subConn) countConnectionLocked(to connectivity.State, err error, now instant) []happening {
	from, b := sc.state(), sc.backendRecord
	soon := time.Duration(now-sc.since) < shortLife
	switch {
	case sc.connection != noConnection && sc.healthChecked && to != connectivity.Idle:
		sc.connection = settledConnection
		if to == connectivity.Ready {
			return b.tellUsable()
		}
	case sc.connection != noConnection:
		b.disconnections.Add(1)
		if soon && sc.connection == freshConnection {
			b.lostEarly.Add(1)
		}
		sc.connection = noConnection
		return b.tellLost(err)
	case to == connectivity.Ready, sc.healthChecked && failsHealth(to, err):
		b.connected.Add(1)
		if from == connectivity.Connecting && to == connectivity.Ready {
			sc.instance.targetRecord.connectDuration.Observe(time.Duration(now - sc.since).Seconds())
		}
		sc.connection = freshConnection
		return b.tellConnected()
	case to == connectivity.TransientFailure:
		b.couldNotConnect(now)
		return b.tellFailed(err)
	case from == connectivity.Connecting:
		// To IDLE: the connection was made, and lost before gRPC reported READY. If
		// it waited for a health check, it may have lived for longer than that took.
		b.connected.Add(1)
		b.disconnections.Add(1)
		if soon || !sc.healthChecked {
			b.lostEarly.Add(1)
		}
		return []happening{{kind: livepage.Lost, backend: b, detail: "before it was used", err: err}}
	}
	return nil
}

// failsHealth tells whether a SubConn made with HealthCheckEnabled goes to
// TRANSIENT_FAILURE because of a health check. The words of the error are all
// that tells a first connection whose check fails from one that could not be made.
// Should gRPC change them, such a connection counts as an attempt that failed, and
// as made when it becomes healthy.
func failsHealth(to connectivity.State, err error) bool {
	return to == connectivity.TransientFailure && err != nil && strings.HasPrefix(err.Error(), "connection active but ")
}

// noteFailureLocked keeps why the SubConn is in TRANSIENT_FAILURE, for the live
// page, and returns what is to be told of it.
func (sc *subConn) noteFailureLocked(err error, now instant) []happening {
	if sc.connection != noConnection {
		return sc.backendRecord.judge(&verdict{why: unhealthy, err: err, at: now})
	}
	sc.backendRecord.rare().lastFailure.Store(&failure{err: err, at: now})
	return nil
}
