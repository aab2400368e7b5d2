package metrics

import (
	"strings"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// shortLife is the age below which the loss of a connection counts as early.
const shortLife = time.Second

// connection is what is known about the connection of a SubConn. It differs from the
// connectivity state for SubConns made with HealthCheckEnabled: gRPC reports their
// health checks as changes between READY, CONNECTING and TRANSIENT_FAILURE, while the
// connection stands.
type connection uint8

const (
	noConnection   connection = iota // none, or gRPC has not reported it yet
	attemptUnknown                   // none, and gRPC has not reported when the attempt at one began (gRFC A105)
	freshConnection
	settledConnection // the SubConn has changed its state since it was made
)

func (c connection) made() bool { return c >= freshConnection }

// countConnectionLocked counts a connection that was made or lost, or an attempt that
// failed, when the state changes. It returns the events to tell. gRPC always goes
// through CONNECTING; fakes may not.
func (sc *subConn) countConnectionLocked(to connectivity.State, err error, now clock.Instant) []events.News {
	from, b := sc.state(), sc.backendRecord
	soon := now.Sub(sc.since) < shortLife
	switch {
	case sc.connection.made() && sc.healthChecked && to != connectivity.Idle:
		sc.connection = settledConnection
		if to == connectivity.Ready {
			return b.BecameUsable()
		}
	case sc.connection.made():
		early := soon && sc.connection == freshConnection
		sc.connection = noConnection
		if to == connectivity.Connecting {
			sc.connection = attemptUnknown
		}
		return b.CountLost(err, early)
	case to == connectivity.Ready, sc.healthChecked && failsHealth(to, err):
		if from == connectivity.Connecting && to == connectivity.Ready && sc.connection != attemptUnknown {
			sc.instance.targetRecord.ObserveConnecting(now.Sub(sc.since))
		}
		sc.connection = freshConnection
		return b.CountConnected()
	case to == connectivity.TransientFailure:
		sc.connection = noConnection
		return b.CountConnectFailed(err, now)
	case from == connectivity.Connecting:
		sc.connection = noConnection
		// To IDLE: the connection was made, and lost before gRPC reported READY. It
		// lived for a moment only, unless gRPC was waiting for a health check.
		return b.CountLostUnused(err, soon || !sc.healthChecked)
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
func (sc *subConn) noteFailureLocked(err error, now clock.Instant) []events.News {
	if sc.connection.made() {
		return sc.backendRecord.Judge(record.Unhealthy, err, now)
	}
	sc.backendRecord.NoteFailure(err, now)
	return nil
}
