package livepage

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// memory holds what a page needs for each backend besides its status. Later pages
// reuse it.
type memory struct {
	rows      []row
	judged    []judged
	latencies []time.Duration
}

var memories = sync.Pool{New: func() any { return new(memory) }}

// release gives the memory back. Nothing may use what was taken from it any more.
func (m *memory) release() {
	clear(m.rows) // they point to backends
	m.rows, m.judged, m.latencies = m.rows[:0], m.judged[:0], m.latencies[:0]
	memories.Put(m)
}

// judgements returns a list for n backends.
func (m *memory) judgements(n int) []judged {
	start := len(m.judged)
	m.judged = slices.Grow(m.judged, n)[:start+n]
	return m.judged[start:]
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
