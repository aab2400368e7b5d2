package metrics

import (
	"net/http"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// SubConnSize is the size of the decorator's SubConn.
const SubConnSize = unsafe.Sizeof(subConn{})

// HandlerAt returns m's page with another wall clock.
func HandlerAt(m *Metrics, wall func() time.Time) http.Handler { return m.handler(wall) }

// Configure is what ConfigureDefault does.
func Configure(m *Metrics, opts ...Option) error { return m.configure(opts) }

// NewDefault makes what Default is, for another registry.
func NewDefault(r prometheus.Registerer) *Metrics {
	return newDefault(func() prometheus.Registerer { return r })
}

// Register is the function that registers Default when it is used first.
var Register = register

// Waiting returns the number of RPCs that wait for a pick.
func Waiting(m *Metrics) int64 { return m.waits.Len() }

// WaitingAttempts returns the number of RPC attempts that the page shows as
// waiting, for all targets together.
func WaitingAttempts(m *Metrics) (n int64) {
	for _, t := range m.pageSnapshot(time.Now).Targets {
		n += t.Read().Waiting
	}
	return n
}

// Replace sets the SubConn that sc, one of the decorator's, stands before.
func Replace(sc, inner balancer.SubConn) { sc.(*subConn).SubConn = inner }

// Look returns what the live page reads of each target, as the page reads it.
func Look(m *Metrics) map[livestatus.Key]livestatus.Status {
	s := m.pageSnapshot(time.Now)
	var wait time.Duration
	for _, t := range s.Targets {
		wait = max(wait, t.Sample())
	}
	time.Sleep(wait)
	all := make(map[livestatus.Key]livestatus.Status)
	for _, t := range s.Targets {
		all[t.Key] = t.Read()
	}
	return all
}

// LookBriefly looks at all targets as an answer of the page does.
func LookBriefly(m *Metrics) {
	s := m.pageSnapshot(time.Now)
	for _, t := range s.Targets {
		t.Read()
	}
	s.Release()
}
