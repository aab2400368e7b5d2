package selection

import (
	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/reuse"
)

// memory holds what a page needs for each backend besides its status. Later pages
// reuse it.
type memory struct {
	rows      []Row
	diagnosis diagnosis.Memory
}

var memories reuse.Pool[memory]

// release gives the memory back.
func (m *memory) release() {
	clear(m.rows) // they point to backends
	m.rows = m.rows[:0]
	m.diagnosis.Reset()
	memories.Put(m)
}
