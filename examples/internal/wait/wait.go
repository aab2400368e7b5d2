// Package wait waits for a time or for a condition, until a context ends.
package wait

import (
	"context"
	"fmt"
	"time"
)

// poll is the time between two checks of [Until].
const poll = 20 * time.Millisecond

// For waits for the duration. If ctx ends earlier, it returns ctx's error.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Until calls holds every 20 ms until it returns true. If holds returns an error,
// or if ctx ends, Until returns an error that contains what.
func Until(ctx context.Context, what string, holds func() (bool, error)) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		ok, err := holds()
		if err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, context.Cause(ctx))
		}
	}
}
