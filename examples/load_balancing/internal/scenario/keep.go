package scenario

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// keepCalling sends RPCs with all policies at -rate until ctx is done. Failures
// are expected, for the servers may be stopped and started meanwhile: a change
// for the worse or the better is logged, not each RPC.
func (f *flags) keepCalling(ctx context.Context, env Env, channels channels) {
	logger := slog.New(slog.NewTextHandler(env.Stderr, nil))
	interval := time.Duration(float64(time.Second) / max(f.rate, minRate))
	var senders sync.WaitGroup
	for _, c := range channels {
		outage := outage{logger: logger.With("policy", c.policy.Name)}
		senders.Go(func() {
			tick := time.NewTicker(interval)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				_, err := c.call(ctx, f.timeout)
				if ctx.Err() != nil {
					return
				}
				outage.observe(err)
			}
		})
	}
	senders.Wait()
}

// minRate keeps the interval within the range of a time.Duration.
const minRate = 1e-9

// outage logs when RPCs begin to fail and when they succeed again.
type outage struct {
	logger *slog.Logger
	failed int // in a row
}

func (o *outage) observe(err error) {
	switch {
	case err != nil && o.failed == 0:
		o.logger.Warn("RPCs fail", "err", err)
	case err == nil && o.failed > 0:
		o.logger.Info("RPCs succeed again", "failed", o.failed)
	}
	if err != nil {
		o.failed++
	} else {
		o.failed = 0
	}
}
