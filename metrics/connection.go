package metrics

import (
	"strings"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// shortLife is the age below which the loss of a connection counts as early.
const shortLife = time.Second

// connection is what is known about the connection of a SubConn. It differs from the
// connectivity state for SubConns made with HealthCheckEnabled: gRPC reports their
// health checks as changes between READY, CONNECTING and TRANSIENT_FAILURE, while the
// connection stands.
type connection uint8

const (
	noConnection connection = iota // none, or gRPC has not reported it yet
	freshConnection
	settledConnection // the SubConn has changed its state since it was made
)

// countConnectionLocked counts a connection that was made or lost, or an attempt that
// failed, when the state changes. It returns the events to tell. gRPC always goes
// through CONNECTING; fakes may not.
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
		// To IDLE: the connection was made, and lost before gRPC reported READY. It
		// lived for a moment only, unless gRPC was waiting for a health check.
		b.connected.Add(1)
		b.disconnections.Add(1)
		if soon || !sc.healthChecked {
			b.lostEarly.Add(1)
		}
		return []happening{{kind: livestatus.Lost, backend: b, detail: "before it was used", err: err}}
	}
	return nil
}

// failsHealth reports whether a SubConn made with HealthCheckEnabled goes to
// TRANSIENT_FAILURE because of a health check. Only the text of the error shows
// whether its first health check failed or the connection could not be made. If gRPC
// changes the text, such a connection counts as an attempt that failed, and as made
// when it becomes healthy.
func failsHealth(to connectivity.State, err error) bool {
	return to == connectivity.TransientFailure && err != nil && strings.HasPrefix(err.Error(), "connection active but ")
}

// noteFailureLocked keeps why the SubConn is in TRANSIENT_FAILURE, for the live
// page, and returns the events to tell.
func (sc *subConn) noteFailureLocked(err error, now instant) []happening {
	if sc.connection != noConnection {
		return sc.backendRecord.judge(&verdict{why: unhealthy, err: err, at: now})
	}
	sc.backendRecord.rare().lastFailure.Store(&failure{err: err, at: now})
	return nil
}
