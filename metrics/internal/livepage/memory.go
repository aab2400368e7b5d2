package livepage

import (
	"bytes"
	"sync"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
)

// memory holds what a page needs for each backend besides its status. Later pages
// reuse it.
type memory struct {
	rows      []row
	diagnosis diagnosis.Memory
}

var memories = sync.Pool{New: func() any { return new(memory) }}

// release gives the memory back. Nothing may use what was taken from it any more.
func (m *memory) release() {
	clear(m.rows) // they point to backends
	m.rows = m.rows[:0]
	m.diagnosis.Reset()
	memories.Put(m)
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKeptBody is the size up to which a body is reused, in bytes.
const maxKeptBody = 1 << 20

// releaseBody gives back a body that was taken from bodies.
func releaseBody(b *bytes.Buffer) {
	if b.Cap() <= maxKeptBody {
		b.Reset()
		bodies.Put(b)
	}
}
