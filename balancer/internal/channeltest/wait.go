package channeltest

import (
	"context"
	"testing"
	"time"
)

// Deadline bounds a test, so that what never happens is a failure.
const Deadline = 60 * time.Second

// Context returns a context that ends at the Deadline, or with the test.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Deadline)
	t.Cleanup(cancel)
	return ctx
}

// Poll calls done until it returns true, and tells whether it did before ctx was
// over. It pauses between the calls, for 20 ms at most. It is for what
// sends no event, such as a metric.
func Poll(ctx context.Context, done func() bool) bool {
	for pause := time.Millisecond; !done(); pause = min(2*pause, 20*time.Millisecond) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false
		}
	}
	return true
}
