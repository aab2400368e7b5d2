package waits_test

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// newRPC returns the context of an RPC that ends with its parent, or with the test.
func newRPC(t *testing.T, parent context.Context) context.Context { //nolint:revive // t comes first in tests
	t.Helper()
	ctx, cancel := context.WithCancel(parent)
	t.Cleanup(cancel)
	return ctx
}

// Nobody tells a List when an RPC ends. In each case an RPC is refused once, with a
// deadline after a minute, and ends later. The List notices two minutes after the refusal.
func TestHowLongAnRPCWaitedThatEndsUnnoticed(t *testing.T) {
	t.Parallel()
	const deadline = time.Minute
	notice := map[string]func(l *waits.List, inst *waits.Instance){
		"new picker": func(_ *waits.List, inst *waits.Instance) { inst.NextPicker() },
		"scrape":     func(l *waits.List, _ *waits.Instance) { l.Prune() },
		"Close":      func(l *waits.List, inst *waits.Instance) { l.Close(inst) },
	}
	tests := []struct {
		name   string
		refuse waits.Reason
		ends   func(cancel func(), inst *waits.Instance)
		want   map[waits.Reason]string
	}{
		{"queued, deadline", waits.Connecting, func(func(), *waits.Instance) {},
			map[waits.Reason]string{waits.Connecting: "1 in 1m0s"}},
		{"failed, deadline", waits.PickerFailing, func(func(), *waits.Instance) {},
			map[waits.Reason]string{waits.PickerFailing: "1 in 1m0s"}},
		{"queued, canceled", waits.Connecting, func(cancel func(), _ *waits.Instance) { cancel() },
			map[waits.Reason]string{waits.Connecting: "1 in 2m0s"}}, // as far as is known
		{"failed, canceled", waits.PickerFailing, func(cancel func(), _ *waits.Instance) { cancel() }, nil},
		{"queued, overtaken", waits.Connecting, func(_ func(), inst *waits.Instance) { inst.NextPicker() },
			map[waits.Reason]string{waits.Connecting: "1 in 0s"}},
		{"failed, overtaken", waits.PickerFailing, func(_ func(), inst *waits.Instance) { inst.NextPicker() }, nil},
	}
	for _, tt := range tests {
		for name, notice := range notice {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var l waits.List
					ta := new(tally)
					inst := l.NewInstance(ta)
					ctx, cancel := context.WithTimeout(t.Context(), deadline)
					defer cancel()
					l.Refused(ctx, waits.Refusal{Instance: inst, Picker: inst.LastPicker(), Reason: tt.refuse})
					time.Sleep(deadline / 2)
					tt.ends(cancel, inst)
					time.Sleep(3 * deadline / 2)
					notice(&l, inst)
					if got := ta.counted(); !maps.Equal(got, tt.want) || l.Any() || ta.waiting != 0 {
						t.Errorf("waits %v, want %v; RPCs that still wait: %d, attempts: %d, want none", got, tt.want, l.Len(), ta.waiting)
					}
				})
			})
		}
	}
}

// An error ends the first attempt of an RPC at one policy, which shows that it is not
// wait-for-ready. Its deadline then confirms no failure at another policy either, but it
// confirms those of RPCs that come later.
func TestFailFastIsAPropertyOfTheRPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l waits.List
		parent, child := new(tally), new(tally)
		parents, children := l.NewInstance(parent), l.NewInstance(child)
		fail := func(ctx context.Context, inst *waits.Instance) {
			l.Refused(ctx, waits.Refusal{Instance: inst, Picker: inst.LastPicker(), Reason: waits.PickerFailing})
		}
		const rpcs = 100
		for range rpcs {
			rpc, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			first, second := context.WithValue(rpc, attemptKey{}, 1), context.WithValue(rpc, attemptKey{}, 2)
			fail(first, children)
			fail(second, children)
			fail(second, parents)
		}
		time.Sleep(time.Minute + 1)
		l.Prune()
		if len(parent.counted()) != 0 || len(child.counted()) != 0 {
			t.Errorf("waits for the parent %v, for the child %v, want none", parent.counted(), child.counted())
		}

		for range rpcs {
			rpc, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			fail(rpc, children)
		}
		time.Sleep(time.Minute + 1)
		l.Prune()
		if n := child.count[waits.PickerFailing]; n != rpcs {
			t.Errorf("waits of other RPCs: %d, want %d", n, rpcs)
		}
	})
}

// lateContext ends after its deadline, as any does by some microseconds.
type lateContext struct {
	context.Context //nolint:containedctx // it is one
	deadline        time.Time
	done            chan struct{}
}

func (ctx *lateContext) Deadline() (time.Time, bool) { return ctx.deadline, true }
func (ctx *lateContext) Done() <-chan struct{}       { return ctx.done }
func (ctx *lateContext) Err() error                  { return context.DeadlineExceeded }

func TestNoWaitIsNegativeIfTheDeadlineHasPassedAtItsBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l waits.List
		ta := new(tally)
		inst := l.NewInstance(ta)
		ctx := &lateContext{Context: t.Context(), deadline: time.Now(), done: make(chan struct{})}
		time.Sleep(time.Second)
		queue(ctx, &l, inst)
		close(ctx.done)
		l.Prune()
		if got, want := ta.counted(), (map[waits.Reason]string{waits.Connecting: "1 in 0s"}); !maps.Equal(got, want) {
			t.Errorf("waits %v, want %v", got, want)
		}
	})
}

// In an outage most RPCs fail at once. They must not pile up until the next scrape.
func TestRPCsThatHaveEndedDoNotPileUp(t *testing.T) {
	t.Parallel()
	for _, waiting := range []int{0, 1000} {
		var l waits.List
		ta := new(tally)
		inst := l.NewInstance(ta)
		for range waiting {
			queue(newRPC(t, t.Context()), &l, inst)
		}
		most := int64(0)
		for range 5000 {
			ctx, cancel := context.WithCancel(t.Context())
			l.Refused(ctx, waits.Refusal{Instance: inst, Picker: inst.LastPicker(), Reason: waits.PickerFailing})
			cancel()
			most = max(most, l.Len())
		}
		// Each of the shards has about as many that have ended as others, and one more.
		if limit := int64(3*waiting + 20); most > limit {
			t.Errorf("RPCs on the list while %d wait: up to %d, want %d at most", waiting, most, limit)
		}
	}
}

// When nothing waits any more, picks must soon be free again, even if nobody scrapes and
// no picker comes.
func TestPicksTakeRPCsThatHaveEndedOffTheList(t *testing.T) {
	t.Parallel()
	const rpcs = 100
	var l waits.List
	inst := l.NewInstance(new(tally))
	ctx, cancel := context.WithCancel(t.Context())
	for range rpcs {
		queue(newRPC(t, ctx), &l, inst)
	}
	cancel()
	var others []context.Context
	for range 100 * rpcs {
		other := newRPC(t, t.Context())
		others = append(others, other) // so that each has another address
		l.Resolved(other, inst)
	}
	if n := l.Len(); n != 0 {
		t.Errorf("RPCs on the list after %d picks: %d, want none", len(others), n)
	}
}
