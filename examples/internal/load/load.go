// Package load sends RPCs, or whatever calls an example makes, until it is
// stopped, and counts how they ended.
package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how many calls to make, and how fast.
type Config struct {
	// Workers is how many calls are made at a time; 0 stands for 1.
	Workers int
	// Interval is the time from one call of a worker to its next. A call that
	// takes longer delays the next one. With 0 there is no pause.
	Interval time.Duration
	// Calls is how many calls to make in all; 0 stands for no limit.
	Calls int
}

// Load makes calls in the background.
type Load struct {
	cancel context.CancelFunc
	calls  sync.WaitGroup
}

// Start makes calls until ctx is done, [Load.Stop] is called, or all calls have
// been made. Each call gets its number, from 0 on. A call that has begun is not
// interrupted.
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

// StartSteady begins a call once per interval, whether those before have ended
// or not, until ctx is done or [Load.Stop] is called.
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

// Wait waits for the end of all calls.
func (l *Load) Wait() {
	l.calls.Wait()
	l.cancel()
}

// Stop begins no more calls and waits for the end of those under way. It may be
// called again.
func (l *Load) Stop() {
	l.cancel()
	l.calls.Wait()
}

// ticks returns a channel that ticks once per interval; with 0, at any time.
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
