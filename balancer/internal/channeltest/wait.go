package channeltest

import (
	"context"
	"testing"
	"time"
)

// Deadline limits the waits of a test, so that a test that waits in vain fails.
const Deadline = 60 * time.Second

// Context returns a context that ends after Deadline, or with the test.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Deadline)
	t.Cleanup(cancel)
	return ctx
}

// Poll calls done until it returns true or ctx ends, and reports whether done
// returned true. It pauses for at most 20 ms between calls. Use it for things that
// cannot notify the test, such as a metric.
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
