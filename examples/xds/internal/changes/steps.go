package changes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/controlplane"
)

const (
	patience   = 20 * time.Second      // for the effect of a step
	resolution = 10 * time.Millisecond // of the time that is printed
	sampleSize = 200                   // RPCs over which shares are computed
	idleAfter  = 20                    // RPCs elsewhere that show that a backend gets none
)

// Rounds is how many times the endpoint is removed and added.
const Rounds = 10

// Titles of the steps.
const (
	TwoZones  = "two localities of equal weight, b1 and b2 in one, b3 in the other"
	Added     = "EDS adds b4"
	Churned   = "EDS removes b4 and adds it again, ten times"
	PlaneGone = "the control plane is killed"
	Removed   = "the control plane is back, and EDS removes b1"
	Ejected   = "b4 answers UNAVAILABLE, and outlier detection ejects it"
	Returned  = "b4 is well again, and is picked when its ejection ends"
)

// runSteps runs the steps, each under load.
func (d *demo) runSteps(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.addEndpoint, d.churn, d.restartPlane, d.eject} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return d.finish()
}

func (d *demo) addEndpoint(ctx context.Context) error {
	b1, b2, b3, b4 := d.backends[0], d.backends[1], d.backends[2], d.backends[3]
	if err := d.list(ctx, b1, b2, b3); err != nil {
		return err
	}
	if err := d.step(ctx, TwoZones, d.picked(b1, b2, b3)); err != nil {
		return err
	}
	if err := d.list(ctx, b1, b2, b3, b4); err != nil {
		return err
	}
	return d.step(ctx, Added, d.picked(b4))
}

// churn removes and adds b4 again and again. It waits each time until the metrics
// show it.
func (d *demo) churn(ctx context.Context) error {
	b1, b2, b3, b4 := d.backends[0], d.backends[1], d.backends[2], d.backends[3]
	for range Rounds {
		if err := d.list(ctx, b1, b2, b3); err != nil {
			return err
		}
		if _, err := d.await(ctx, Churned, d.gone(b4)); err != nil {
			return err
		}
		if err := d.list(ctx, b1, b2, b3, b4); err != nil {
			return err
		}
		if _, err := d.await(ctx, Churned, d.picked(b4)); err != nil {
			return err
		}
	}
	return d.step(ctx, Churned, d.picked(b4))
}

// restartPlane kills the control plane and starts another one, which has another list of
// endpoints.
func (d *demo) restartPlane(ctx context.Context) error {
	b1, b2, b3, b4 := d.backends[0], d.backends[1], d.backends[2], d.backends[3]
	d.plane.Stop()
	if err := d.step(ctx, PlaneGone, d.picked(b1, b2, b3, b4)); err != nil {
		return err
	}
	plane, err := controlplane.Start(d.plane.Addr(), d.service)
	if err != nil {
		return err
	}
	d.refused = errors.Join(d.refused, d.plane.Refused())
	d.plane = plane
	if err := d.list(ctx, b2, b3, b4); err != nil {
		return err
	}
	if err := d.step(ctx, Removed, d.gone(b1)); err != nil {
		return err
	}
	b1.Stop() // from now on no RPC on it can fail
	return nil
}

func (d *demo) eject(ctx context.Context) error {
	b4 := d.backends[3]
	b4.SetSick(true)
	if err := d.step(ctx, Ejected, d.unpicked(b4)); err != nil {
		return err
	}
	b4.SetSick(false)
	return d.step(ctx, Returned, d.picked(b4))
}

// condition reports whether the series show the effect that a step waits for.
type condition func(series.Policy) bool

// of returns the series of the backend.
func of(p series.Policy, b *backend.Backend) series.Backend { return p.Backends[b.Addr().String()] }

// picked returns a condition that holds once a new RPC has succeeded on each backend.
func (d *demo) picked(backends ...*backend.Backend) condition {
	var first *series.Policy
	return func(now series.Policy) bool {
		if first == nil {
			first = &now
		}
		for _, b := range backends {
			if of(now, b).OK() == of(*first, b).OK() {
				return false
			}
		}
		return true
	}
}

// gone returns a condition that holds once the backend has no connection and no RPC.
func (d *demo) gone(b *backend.Backend) condition {
	return func(now series.Policy) bool { return of(now, b).Ready == 0 && of(now, b).InFlight == 0 }
}

// unpicked returns a condition that holds once the backend gets no picks while others do.
func (d *demo) unpicked(b *backend.Backend) condition {
	var last *series.Policy
	return func(now series.Policy) bool {
		if last == nil || of(now, b).Picks != of(*last, b).Picks {
			last = &now
		}
		return of(now, b).InFlight == 0 && now.Sum().Ended()-last.Sum().Ended() >= idleAfter
	}
}

// step waits until the condition holds. Then it takes a sample of RPCs and prints
// how they are spread.
func (d *demo) step(ctx context.Context, title string, holds condition) error {
	fmt.Fprintf(d.out, "\n--- %s ---\n", title)
	started := time.Now()
	before, err := d.await(ctx, title, holds)
	if err != nil {
		return err
	}
	took := time.Since(started).Round(resolution)
	after, err := d.await(ctx, title, func(now series.Policy) bool {
		return now.Sum().Ended()-before.Sum().Ended() >= sampleSize
	})
	if err != nil {
		return err
	}
	s := Step{Title: title, Instances: after.Instances, Rows: d.rows(before, after)}
	d.report.Steps = append(d.report.Steps, s)
	s.print(d.out, took)
	return nil
}

// await waits until the condition holds.
func (d *demo) await(ctx context.Context, title string, holds condition) (series.Policy, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var now series.Policy
	err := wait.Until(ctx, "the metrics show it", func() (ok bool, err error) {
		if now, err = d.series(); err != nil {
			return false, err
		}
		return holds(now), nil
	})
	if err != nil {
		return now, fmt.Errorf("%s: %w; errors of RPCs: %v", title, err, d.tally.Counts().Errs)
	}
	return now, nil
}
