package livepage

import (
	"bytes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/reuse"
)

var bodies reuse.Pool[bytes.Buffer]

// maxKeptBody is the size up to which a body is reused, in bytes.
const maxKeptBody = 1 << 20

// releaseBody gives back a body that was taken from bodies.
func releaseBody(b *bytes.Buffer) {
	if b.Cap() <= maxKeptBody {
		b.Reset()
		bodies.Put(b)
	}
}
