package livepage

import (
	"bytes"
	"sync"
)

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
