package metrics

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// reason is why an RPC attempt waits for a pick, in the words of gRFC A121.
type reason int

const (
	connecting    reason = iota // there is no READY subchannel to pick
	stateMismatch               // the picked subchannel had just ceased to be READY
	pickerFailing               // the picker fails, and the RPC is wait-for-ready
	numReasons

	unknown reason = -1
)

// waits are the RPCs that gRPC holds back until there is another picker, of all
// channels that a Metrics meters: where one metered policy is the child of
// another, or has siblings, the pick that ends a wait need not come from where
// it began.
type waits struct {
	n    atomic.Int64 // of rpcs, so that nothing else is looked at while nothing waits
	rpcs sync.Map     // of the Done channel of an RPC's context, to *waitingRPC
}

// any tells whether an RPC waits.
func (ws *waits) any() bool { return ws.n.Load() != 0 }

// waitingRPC is what the policies have answered to one RPC. gRPC's contexts of
// its attempts, which come one after the other, have the same Done channel.
type waitingRPC struct {
	// mu guards the fields below. Nothing of gRPC's or a policy's is called
	// under it.
	mu       sync.Mutex
	over     bool // it is not on the list any more
	failFast bool // an attempt has ended with the picker's error
	waits    []wait
	forget   func() bool // gives up waiting for the end of the context
}

// wait is that of one attempt under one policy for one target.
type wait struct {
	channel *channel        // which asked last
	attempt context.Context //nolint:containedctx // only its identity counts
	since   time.Time
	reason  reason
	// failed is when the picker answered with an error that ends the attempt,
	// unless the RPC is wait-for-ready, which a policy is not told. Who asks
	// again, or waits until the deadline, has proved that it is, and then failed
	// is zero.
	failed time.Time
}

// begin is called when a pick did not succeed. The wait began with the first of
// them. Contexts that never end, which gRPC does not use, are left out, and those
// that have ended, with which gRPC may ask once more: that wait has been counted.
func (ws *waits) begin(ctx context.Context, c *channel, why reason) {
	if ctx == nil || ctx.Done() == nil || ctx.Err() != nil || c.closed.Load() {
		return
	}
	for {
		found, known := ws.rpcs.LoadOrStore(ctx.Done(), &waitingRPC{})
		if !known {
			ws.n.Add(1)
		}
		if ws.note(ctx, found.(*waitingRPC), c, why) {
			return
		}
	}
}

// note reports false if the RPC has left the list meanwhile.
func (ws *waits) note(ctx context.Context, rpc *waitingRPC, c *channel, why reason) bool {
	rpc.mu.Lock()
	defer rpc.mu.Unlock()
	if rpc.over {
		return false
	}
	if rpc.forget == nil {
		rpc.forget = context.AfterFunc(ctx, func() { ws.expire(ctx, rpc) })
	}
	if !c.closed.Load() {
		rpc.waitOfLocked(ctx, c).answered(why, c)
	}
	return true
}

// waitOfLocked returns the wait of the attempt, which begins if there is none. A
// wait of another attempt has ended: with an error, or it would have gone on.
func (rpc *waitingRPC) waitOfLocked(ctx context.Context, c *channel) *wait {
	for i := range rpc.waits {
		w := &rpc.waits[i]
		switch {
		case w.channel.target != c.target:
			continue
		case !sameAttempt(w.attempt, ctx):
			rpc.failFast = rpc.failFast || !w.failed.IsZero()
			w.finish(time.Now())
			*w = newWait(ctx, c)
		}
		return w
	}
	rpc.waits = append(rpc.waits, newWait(ctx, c))
	return &rpc.waits[len(rpc.waits)-1]
}

// sameAttempt compares contexts. Those of gRPC are pointers; others may not even
// be comparable.
func sameAttempt(a, b context.Context) bool {
	return reflect.TypeOf(b).Kind() != reflect.Pointer || a == b
}

func newWait(ctx context.Context, c *channel) wait {
	c.target.waiting.Add(1)
	return wait{channel: c, attempt: ctx, since: time.Now(), reason: unknown}
}

// end is called when a pick succeeded, or was answered for good.
func (ws *waits) end(ctx context.Context) {
	if !ws.any() || ctx == nil {
		return
	}
	if found, ok := ws.rpcs.Load(ctx.Done()); ok {
		ws.leave(ctx.Done(), found.(*waitingRPC), func(w *wait) bool { return sameAttempt(w.attempt, ctx) })
	}
}

// expire is called when the context of an RPC on the list has ended. gRPC
// cancels it when the RPC is over.
func (ws *waits) expire(ctx context.Context, rpc *waitingRPC) {
	waited := errors.Is(ctx.Err(), context.DeadlineExceeded)
	ws.leave(ctx.Done(), rpc, func(*wait) bool { return waited && !rpc.failFast })
}

// leave ends all waits of the RPC and takes it off the list. Those for which
// proved is true have waited until now, whatever the last answer was.
func (ws *waits) leave(key <-chan struct{}, rpc *waitingRPC, proved func(*wait) bool) {
	rpc.mu.Lock()
	defer rpc.mu.Unlock()
	if rpc.over {
		return
	}
	now := time.Now()
	for i := range rpc.waits {
		w := &rpc.waits[i]
		if proved(w) {
			w.proved()
		}
		w.finish(now)
	}
	rpc.over = true
	ws.rpcs.Delete(key)
	ws.n.Add(-1)
	if rpc.forget != nil {
		rpc.forget()
	}
}

// leaveChannel ends the waits whose last answer came from the instance of a
// policy, which is closed, so that no further ones begin. Their RPCs stay: if
// they go on waiting, it is for the policy that takes this one's place.
func (ws *waits) leaveChannel(c *channel) {
	ws.rpcs.Range(func(_, found any) bool {
		rpc := found.(*waitingRPC)
		rpc.mu.Lock()
		defer rpc.mu.Unlock()
		now := time.Now()
		kept := rpc.waits[:0]
		for i := range rpc.waits {
			if w := &rpc.waits[i]; w.channel == c {
				w.finish(now)
			} else {
				kept = append(kept, *w)
			}
		}
		rpc.waits = kept
		return true
	})
}

// answered notes a pick that did not succeed.
func (w *wait) answered(why reason, c *channel) {
	w.proved()
	w.channel = c
	switch {
	case why == pickerFailing && w.reason != pickerFailing:
		w.failed = time.Now()
	case w.reason == unknown:
		w.reason = why
	}
}

// proved is called when it turns out that the attempt has waited on the last
// answer. A failing picker is the reason that counts, whatever came before: the
// other waits are short.
func (w *wait) proved() {
	if !w.failed.IsZero() {
		w.failed, w.reason = time.Time{}, pickerFailing
	}
}

// finish counts the wait, if it was one. An error that nobody is known to have
// waited on has ended it.
func (w *wait) finish(now time.Time) {
	t := w.channel.target
	t.waiting.Add(-1)
	if !w.failed.IsZero() {
		now = w.failed
	}
	if w.reason != unknown {
		t.pickWait[w.reason].Observe(now.Sub(w.since).Seconds())
	}
}
