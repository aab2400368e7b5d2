package waits_test

import (
	"context"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// queue has the newest picker of the instance queue the RPC.
func queue(ctx context.Context, l *waits.List, inst *waits.Instance) {
	l.Refused(ctx, waits.Refusal{Instance: inst, Picker: inst.LastPicker(), Reason: waits.Connecting})
}

// Without a usable context the end of an RPC would never be noticed.
func TestContextsThatCannotBeFollowedAreLeftOut(t *testing.T) {
	t.Parallel()
	type incomparable struct {
		context.Context //nolint:containedctx // it is one
		_               []int
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var l waits.List
	inst := waits.NewInstance(new(tally))
	for _, ctx := range []context.Context{nil, context.Background(), incomparable{Context: ctx}, ctx} {
		queue(ctx, &l, inst)
	}
	if n := l.Len(); n != 1 {
		t.Errorf("RPCs that wait: %d, want only the one with a good context", n)
	}
	for _, ctx := range []context.Context{nil, incomparable{Context: ctx}, ctx} {
		l.Resolved(ctx)
	}
	if n := l.Len(); n != 0 {
		t.Errorf("RPCs that wait: %d, want none", n)
	}
}

// watchedContext counts the functions that wait for its end.
type watchedContext struct {
	context.Context //nolint:containedctx // it is one
	done            chan struct{}
	watchers        int
}

func (ctx *watchedContext) Done() <-chan struct{} { return ctx.done }

func (ctx *watchedContext) AfterFunc(func()) (stop func() bool) {
	ctx.watchers++
	return func() bool {
		ctx.watchers--
		return true
	}
}

// A stream may live for hours. It must not keep a watcher for each of its waits.
func TestNothingWatchesAContextThatWaitsNoMore(t *testing.T) {
	t.Parallel()
	var l waits.List
	inst := waits.NewInstance(new(tally))
	ctx := &watchedContext{Context: t.Context(), done: make(chan struct{})}
	for range 3 {
		queue(ctx, &l, inst)
		if ctx.watchers != 1 {
			t.Errorf("watchers while the RPC waits: %d, want 1", ctx.watchers)
		}
		l.Resolved(ctx)
		if ctx.watchers != 0 {
			t.Errorf("watchers after the pick: %d, want none", ctx.watchers)
		}
	}
	queue(ctx, &l, inst)
	l.Close(inst)
	if ctx.watchers != 0 {
		t.Errorf("watchers after Close: %d, want none", ctx.watchers)
	}
}
