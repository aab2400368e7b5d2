package incidents

import (
	"context"
	"sync"
	"time"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

const workers = 16

// startLoad sends about rate RPCs a second until the function that it returns is
// called.
func startLoad(c *channeltest.Client, rate int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	pause := workers * time.Second / time.Duration(rate)
	for i := range workers {
		running.Go(func() {
			next := time.NewTimer(pause * time.Duration(i) / workers) // not all at once
			defer next.Stop()
			for {
				select {
				case <-next.C:
					next.Reset(pause)
					_, _ = c.Call(ctx) // the stats handler counts failures
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}
