// Package load makes calls, such as RPCs, until it is stopped. It can count how
// they ended.
package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how many calls to make, and how fast.
type Config struct {
	// Workers is the number of concurrent calls; 0 means 1.
	Workers int
	// Interval is the time between the starts of two calls of a worker. A call that
	// takes longer delays the next one. 0 means no pause.
	Interval time.Duration
	// Calls is the total number of calls; 0 means no limit.
	Calls int
}

// Load makes calls in the background.
type Load struct {
	cancel context.CancelFunc
	calls  sync.WaitGroup
}

// Start makes calls until ctx is done, [Load.Stop] is called, or all calls have
// been made. Each call gets its number, starting at 0. Calls are not interrupted.
func Start(ctx context.Context, c Config, call func(n int)) *Load {
	ctx, cancel := context.WithCancel(ctx)
	l := &Load{cancel: cancel}
	var begun atomic.Int64
	for range max(c.Workers, 1) {
		l.calls.Go(func() {
			next, stop := ticks(c.Interval)
			defer stop()
			for await(ctx, next) {
				n := int(begun.Add(1)) - 1
				if c.Calls > 0 && n >= c.Calls {
					return
				}
				call(n)
			}
		})
	}
	return l
}

// StartSteady starts one call per interval, whether or not earlier calls have
// ended, until ctx is done or [Load.Stop] is called.
func StartSteady(ctx context.Context, interval time.Duration, call func()) *Load {
	ctx, cancel := context.WithCancel(ctx)
	l := &Load{cancel: cancel}
	l.calls.Go(func() {
		next, stop := ticks(interval)
		defer stop()
		for await(ctx, next) {
			l.calls.Go(call)
		}
	})
	return l
}

// Wait waits until all calls have ended.
func (l *Load) Wait() {
	l.calls.Wait()
	l.cancel()
}

// Stop starts no more calls, and waits until all have ended. It may be called more
// than once.
func (l *Load) Stop() {
	l.cancel()
	l.calls.Wait()
}

// ticks returns a channel that ticks once per interval. With 0 it is always ready.
func ticks(interval time.Duration) (next <-chan time.Time, stop func()) {
	if interval == 0 {
		always := make(chan time.Time)
		close(always)
		return always, func() {}
	}
	ticker := time.NewTicker(interval)
	return ticker.C, ticker.Stop
}

// await waits for the next tick and returns false once ctx is done.
func await(ctx context.Context, next <-chan time.Time) bool {
	select {
	case <-next:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
