package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/xds/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/controlplane"
)

const (
	patience = 20 * time.Second // for what a step brings about
	look     = 10 * time.Millisecond
	sample   = 200 // RPCs over which shares are taken
	quiet    = 20  // RPCs without one on a backend that show that it gets none
)

// Rounds is how often the endpoint is removed and added.
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

// play goes through the steps, each under load.
func (w *world) play(ctx context.Context) error {
	for _, act := range []func(context.Context) error{w.begin, w.churn, w.restart, w.eject} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return w.finish()
}

func (w *world) begin(ctx context.Context) error {
	b1, b2, b3, b4 := w.backends[0], w.backends[1], w.backends[2], w.backends[3]
	if err := w.list(ctx, b1, b2, b3); err != nil {
		return err
	}
	if err := w.step(ctx, TwoZones, w.picked(b1, b2, b3)); err != nil {
		return err
	}
	if err := w.list(ctx, b1, b2, b3, b4); err != nil {
		return err
	}
	return w.step(ctx, Added, w.picked(b4))
}

// churn removes and adds b4 time and again, as fast as the effect is seen.
func (w *world) churn(ctx context.Context) error {
	b1, b2, b3, b4 := w.backends[0], w.backends[1], w.backends[2], w.backends[3]
	for range Rounds {
		if err := w.list(ctx, b1, b2, b3); err != nil {
			return err
		}
		if _, err := w.await(ctx, Churned, w.gone(b4)); err != nil {
			return err
		}
		if err := w.list(ctx, b1, b2, b3, b4); err != nil {
			return err
		}
		if _, err := w.await(ctx, Churned, w.picked(b4)); err != nil {
			return err
		}
	}
	return w.step(ctx, Churned, w.picked(b4))
}

// restart kills the control plane. Its successor has another list of endpoints.
func (w *world) restart(ctx context.Context) error {
	b1, b2, b3, b4 := w.backends[0], w.backends[1], w.backends[2], w.backends[3]
	w.plane.Stop()
	if err := w.step(ctx, PlaneGone, w.picked(b1, b2, b3, b4)); err != nil {
		return err
	}
	plane, err := controlplane.Start(w.plane.Addr(), w.service)
	if err != nil {
		return err
	}
	w.refused = errors.Join(w.refused, w.plane.Refused())
	w.plane = plane
	if err := w.list(ctx, b2, b3, b4); err != nil {
		return err
	}
	if err := w.step(ctx, Removed, w.gone(b1)); err != nil {
		return err
	}
	b1.Stop() // there is nothing left on it that could fail
	return nil
}

func (w *world) eject(ctx context.Context) error {
	b4 := w.backends[3]
	b4.SetSick(true)
	if err := w.step(ctx, Ejected, w.unpicked(b4)); err != nil {
		return err
	}
	b4.SetSick(false)
	return w.step(ctx, Returned, w.picked(b4))
}

// condition tells whether the metrics show what is waited for.
type condition func(View) bool

// picked waits for an RPC that succeeds on each of the backends from now on.
func (w *world) picked(backends ...*backend.Backend) condition {
	var first *View
	return func(now View) bool {
		if first == nil {
			first = &now
		}
		for _, b := range backends {
			if now.of(b).since(first.of(b)).OK == 0 {
				return false
			}
		}
		return true
	}
}

// gone waits until the backend has no connection and no RPC.
func (w *world) gone(b *backend.Backend) condition {
	return func(now View) bool { return now.of(b).Ready == 0 && now.of(b).InFlight == 0 }
}

// unpicked waits until the backend gets no picks, while others do.
func (w *world) unpicked(b *backend.Backend) condition {
	var last *View
	return func(now View) bool {
		if last == nil || now.of(b).Picks != last.of(b).Picks {
			last = &now
		}
		return now.of(b).InFlight == 0 && now.ended()-last.ended() >= quiet
	}
}

// step waits until the condition holds, then samples RPCs and prints how they
// were spread.
func (w *world) step(ctx context.Context, title string, holds condition) error {
	fmt.Fprintf(w.out, "\n--- %s ---\n", title)
	started := time.Now()
	before, err := w.await(ctx, title, holds)
	if err != nil {
		return err
	}
	took := time.Since(started).Round(look)
	after, err := w.await(ctx, title, func(now View) bool { return now.ended()-before.ended() >= sample })
	if err != nil {
		return err
	}
	s := w.sampleOf(title, before, after)
	w.report.Steps = append(w.report.Steps, s)
	s.print(w.out, took)
	return nil
}

// await looks at the metrics until the condition holds.
func (w *world) await(ctx context.Context, title string, holds condition) (View, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		view, err := w.view()
		if err != nil || holds(view) {
			return view, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			_, errs := w.load.results()
			return view, fmt.Errorf("%s: not seen in the metrics: %w; errors of RPCs: %v", title, context.Cause(ctx), errs)
		}
	}
}
