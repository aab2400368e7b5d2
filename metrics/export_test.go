package metrics

import "unsafe"

// SubConnSize is the size of what a pick reads of its SubConn.
const SubConnSize = unsafe.Sizeof(subConn{})

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

// WaitingAttempts returns the number of RPC attempts that the page shows as
// waiting, of all targets.
func WaitingAttempts(m *Metrics) (n int64) {
	for _, s := range m.snapshot() {
		n += s.target.waiting.Load()
	}
	return n
}
