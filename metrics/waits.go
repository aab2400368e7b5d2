package metrics

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// waits are the RPCs that gRPC holds back until there is another picker, of all
// policy instances that a Metrics meters: where one metered policy is the child of
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
	key <-chan struct{} // in the list; stays as it is

	// mu guards the fields below. Nothing of gRPC's or a policy's is called
	// under it.
	mu       sync.Mutex
	over     bool // it is not on the list any more
	failFast bool // an attempt has ended with the picker's error
	waits    []wait
	forget   func() bool // gives up waiting for the end of the context
}

// begin is called when a pick did not succeed. The wait began with the first of
// them. Contexts that never end, which gRPC does not use, are left out, and those
// that have ended, with which gRPC may ask once more: that wait has been counted.
func (ws *waits) begin(ctx context.Context, r refusal) {
	if ctx == nil || ctx.Err() != nil || r.instance.closed.Load() {
		return
	}
	key := ctx.Done()
	if key == nil {
		return
	}
	for {
		found, known := ws.rpcs.LoadOrStore(key, &waitingRPC{key: key})
		if !known {
			ws.n.Add(1)
		}
		if ws.note(ctx, found.(*waitingRPC), r) {
			return
		}
	}
}

// note reports false if the RPC has left the list meanwhile. A policy that is
// closed has left it, too, and takes no RPC back.
func (ws *waits) note(ctx context.Context, rpc *waitingRPC, r refusal) bool {
	rpc.mu.Lock()
	defer rpc.mu.Unlock()
	if rpc.over {
		return false
	}
	if r.instance.closed.Load() {
		ws.dropLocked(rpc, func(*wait) bool { return false })
		return true
	}
	if rpc.forget == nil {
		rpc.forget = context.AfterFunc(ctx, func() { ws.expire(ctx, rpc) })
	}
	now := time.Now()
	rpc.waitOfLocked(ctx, r.instance, now).answered(r, now)
	return true
}

// waitOfLocked returns the wait of the attempt, which begins if there is none. A
// wait of another attempt has ended: with an error, or it would have gone on.
func (rpc *waitingRPC) waitOfLocked(ctx context.Context, inst *instance, now time.Time) *wait {
	for i := range rpc.waits {
		w := &rpc.waits[i]
		switch {
		case w.instance.targetRecord != inst.targetRecord:
			continue
		case !sameAttempt(w.attempt, ctx):
			rpc.failFast = rpc.failFast || w.failed
			w.finish(w.bound(now))
			*w = newWait(ctx, inst, now)
		}
		return w
	}
	rpc.waits = append(rpc.waits, newWait(ctx, inst, now))
	return &rpc.waits[len(rpc.waits)-1]
}

// end is called when a pick succeeded, or was answered for good.
func (ws *waits) end(ctx context.Context) {
	if !ws.any() || ctx == nil {
		return
	}
	if found, ok := ws.rpcs.Load(ctx.Done()); ok {
		ws.leave(found.(*waitingRPC), func(w *wait, now time.Time) time.Time {
			if sameAttempt(w.attempt, ctx) {
				w.proved()
			}
			return now
		})
	}
}

// expire is called when the context of an RPC on the list has ended. gRPC
// cancels it when the RPC is over.
func (ws *waits) expire(ctx context.Context, rpc *waitingRPC) {
	late := errors.Is(ctx.Err(), context.DeadlineExceeded)
	ws.leave(rpc, func(w *wait, now time.Time) time.Time {
		if late && !rpc.failFast && !w.overtaken() {
			w.proved()
		}
		return w.bound(now)
	})
}

// leave ends all waits of the RPC, each when end says, and takes it off the list.
func (ws *waits) leave(rpc *waitingRPC, end func(w *wait, now time.Time) time.Time) {
	rpc.mu.Lock()
	defer rpc.mu.Unlock()
	if rpc.over {
		return
	}
	now := time.Now()
	for i := range rpc.waits {
		w := &rpc.waits[i]
		w.finish(end(w, now))
	}
	ws.leaveLocked(rpc)
}

func (ws *waits) leaveLocked(rpc *waitingRPC) {
	rpc.over = true
	ws.rpcs.Delete(rpc.key)
	ws.n.Add(-1)
	if rpc.forget != nil {
		rpc.forget()
	}
}

// leaveInstance ends the waits whose last answer came from the instance of a
// policy, which is closed, so that no further ones begin. An RPC that goes on
// waiting, for the policy that takes this one's place, comes to the list again if
// that one is metered.
func (ws *waits) leaveInstance(inst *instance) {
	ws.drop(func(w *wait) bool { return w.instance == inst })
}

// prune ends the waits whose RPCs have long not come to ask the next picker.
func (ws *waits) prune(now time.Time) {
	if ws.any() {
		ws.drop(func(w *wait) bool { return w.lost(now) })
	}
}

// drop ends the waits for which gone is true.
func (ws *waits) drop(gone func(*wait) bool) {
	ws.rpcs.Range(func(_, found any) bool {
		rpc := found.(*waitingRPC)
		rpc.mu.Lock()
		defer rpc.mu.Unlock()
		if !rpc.over {
			ws.dropLocked(rpc, gone)
		}
		return true
	})
}

// dropLocked ends the waits for which gone is true. An RPC that has no other
// leaves the list, and with it all that holds the policies in memory.
func (ws *waits) dropLocked(rpc *waitingRPC, gone func(*wait) bool) {
	now := time.Now()
	for i := range rpc.waits {
		if w := &rpc.waits[i]; gone(w) {
			w.finish(w.bound(now))
			w.instance = nil
		}
	}
	rpc.waits = slices.DeleteFunc(rpc.waits, func(w wait) bool { return w.instance == nil })
	if len(rpc.waits) == 0 {
		ws.leaveLocked(rpc)
	}
}
