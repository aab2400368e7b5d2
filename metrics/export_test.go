package metrics

import (
	"net/http"
	"time"
	"unsafe"
)

// SubConnSize is the size of what a pick reads of its SubConn.
const SubConnSize = unsafe.Sizeof(subConn{})

// HandlerAt is m's page where the wall clock says something else.
func HandlerAt(m *Metrics, wall func() time.Time) http.Handler { return m.handler(wall) }

// Register is what the package does with Default when it is initialized.
var Register = register

// Records returns the number of records that m holds, expired ones included.
func Records(m *Metrics) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.targets.len()
	for t := range m.targets.values() {
		n += t.backends.len()
	}
	return n
}

// Waiting returns the number of RPCs that wait for a pick.
func Waiting(m *Metrics) int64 { return m.waits.n.Load() }
