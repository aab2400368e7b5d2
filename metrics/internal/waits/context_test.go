package waits_test

import (
	"context"
	"testing"
	"testing/synctest"

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
	inst := l.NewInstance(new(tally))
	for _, ctx := range []context.Context{nil, context.Background(), incomparable{Context: ctx}, ctx} {
		queue(ctx, &l, inst)
	}
	if n := l.Len(); n != 1 {
		t.Errorf("RPCs that wait: %d, want only the one with a good context", n)
	}
	for _, ctx := range []context.Context{nil, incomparable{Context: ctx}, ctx} {
		l.Resolved(ctx, inst)
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

// A watcher of each RPC that waits takes half of the time and memory of its wait.
func TestNothingWatchesAContext(t *testing.T) {
	t.Parallel()
	var l waits.List
	inst := l.NewInstance(new(tally))
	ctx := &watchedContext{Context: t.Context(), done: make(chan struct{})}
	queue(ctx, &l, inst)
	if ctx.watchers != 0 {
		t.Errorf("watchers while the RPC waits: %d, want none", ctx.watchers)
	}
	l.Resolved(ctx, inst)
	queue(ctx, &l, inst)
	l.Close(inst)
	if n := l.Len(); n != 0 {
		t.Errorf("RPCs that wait: %d, want none", n)
	}
}

// Tests of metered policies may share a Metrics between synctest bubbles. To ask a context
// of another bubble whether it has ended crashes the program.
func TestRPCsOfOtherBubblesAreLeftAlone(t *testing.T) {
	t.Parallel()
	var l waits.List
	for range 50 { // so many that they meet in a shard
		synctest.Test(t, func(t *testing.T) {
			inst := l.NewInstance(new(tally))
			left, end := context.WithCancel(t.Context())
			queue(left, &l, inst)
			end()
			picked, end := context.WithCancel(t.Context())
			defer end()
			queue(picked, &l, inst)
			l.Resolved(picked, inst)
			inst.NextPicker()
			queue(left, &l, inst)
			l.Close(l.NewInstance(new(tally)))
			waiting, end := context.WithCancel(t.Context())
			t.Cleanup(end)
			queue(waiting, &l, inst)
		})
	}
	if n := l.Len(); n != 50 {
		t.Errorf("%d RPCs are listed, want one of each bubble", n)
	}
}
