package calls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
)

// keepCalling is the client with -keep. It sends the first RPCs and prints the
// table. Then it sends RPCs until ctx is done. Then it only serves /metrics, for
// the time of -linger.
func keepCalling(ctx context.Context, flags *cli.Flags, m meter, channels channels) error {
	page, err := servePage(flags.MetricsAddr, m)
	if err != nil {
		return err
	}
	defer page.close()
	greetErr := greetAll(ctx, flags, channels)
	if err := printTable(m, channels); err != nil {
		return err
	}
	fmt.Printf("\nsending %v RPCs per second with each policy; metrics: %s; live: %s; Ctrl-C ends it\n",
		flags.Rate, page.metricsURL, page.liveURL)
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	var following sync.WaitGroup
	if flags.BackendsFile != "" {
		following.Go(func() { followFile(ctx, flags, logger, channels) })
	}
	callAll(ctx, flags, logger, channels)
	following.Wait()
	channels.close()
	channels.printTallies()
	linger(flags.Linger)
	if ctx.Err() != nil && errors.Is(greetErr, ctx.Err()) {
		return nil // interrupted during the first RPCs
	}
	return greetErr
}

// linger waits for the time of -linger. A second signal ends the process.
func linger(d time.Duration) {
	if d == 0 {
		return
	}
	fmt.Printf("\nserving /metrics for another %v; Ctrl-C ends it\n", d)
	time.Sleep(d)
}

// minRate keeps the interval between RPCs within the range of a time.Duration.
const minRate = 1e-9

// callAll sends RPCs with all policies at -rate until ctx is done. RPCs may fail,
// because servers may be stopped and started. It does not log each failure: it logs
// when RPCs begin to fail, and when they succeed again.
func callAll(ctx context.Context, flags *cli.Flags, logger *slog.Logger, channels channels) {
	interval := time.Duration(float64(time.Second) / max(flags.Rate, minRate))
	var loads []*load.Load
	for _, c := range channels {
		outage := outage{logger: logger.With("policy", c.policy.Name)}
		loads = append(loads, load.Start(ctx, load.Config{Interval: interval}, func(int) {
			_, err := c.call(ctx, flags.Timeout)
			if ctx.Err() == nil {
				outage.observe(err)
			}
		}))
	}
	for _, l := range loads {
		l.Wait()
	}
}

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
