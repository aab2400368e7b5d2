package livepage_test

import (
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

// The JSON of 10,000 backends takes 7 MB, which few answers need.
func TestALargeBodyIsNotKept(t *testing.T) {
	t.Parallel()
	large := livepage.NewBody()
	large.Grow(1<<20 + 1)
	livepage.ReleaseBody(large)
	if livepage.NewBody() == large {
		t.Error("a body of more than a megabyte is kept for the next answer")
	}
}
