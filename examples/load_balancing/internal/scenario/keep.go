package scenario

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// callOn is what a client does with -keep: the first calls and the table, then
// RPCs until ctx is done, then a while of /metrics alone.
func (f *flags) callOn(ctx context.Context, env Env, m meter, channels channels) error {
	page, err := serveMetrics(f.metricsAddr, m)
	if err != nil {
		return err
	}
	defer page.close()
	greetErr := f.greetAll(ctx, env, channels)
	if err := printTable(env, m, channels); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "\nsending %v RPCs per second with each policy; metrics: %s; live: %s; Ctrl-C ends it\n",
		f.rate, page.metricsURL, page.liveURL)
	logger := slog.New(slog.NewTextHandler(env.Stderr, nil))
	var following sync.WaitGroup
	if f.backendsFile != "" {
		following.Go(func() { f.followBackends(ctx, logger, channels) })
	}
	f.keepCalling(ctx, logger, channels)
	following.Wait()
	channels.close()
	channels.writeTallies(env.Stdout)
	f.lingerOn(env)
	if ctx.Err() != nil && errors.Is(greetErr, ctx.Err()) {
		return nil // interrupted before the first calls were done
	}
	return greetErr
}

// lingerOn waits for the time of -linger. The process's second signal ends the
// wait, for it ends the process.
func (f *flags) lingerOn(env Env) {
	if f.linger == 0 {
		return
	}
	fmt.Fprintf(env.Stdout, "\nserving /metrics for another %v; Ctrl-C ends it\n", f.linger)
	time.Sleep(f.linger)
}

// keepCalling sends RPCs with all policies at -rate until ctx is done. Failures
// are expected, for the servers may be stopped and started meanwhile: a change
// for the worse or the better is logged, not each RPC.
func (f *flags) keepCalling(ctx context.Context, logger *slog.Logger, channels channels) {
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
