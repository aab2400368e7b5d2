// Package wait waits, for a time or for a condition, no longer than a context
// lasts.
package wait

import (
	"context"
	"fmt"
	"time"
)

// poll is how often [Until] looks.
const poll = 20 * time.Millisecond

// For waits for the duration. It returns ctx's error if ctx is done before.
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

// Until calls holds every 20 ms until it returns true. It returns an error that
// says what it waited for if holds returns one, or if ctx is done.
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
