package metrics

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// waits is the list of the RPCs that wait for a pick, under all policy instances
// of a Metrics. It is one list because a wait need not end where it began: the
// pick may come from a parent, child or sibling of the policy that refused.
type waits struct {
	n    atomic.Int64 // length of rpcs; while it is 0, picks look at nothing else
	rpcs sync.Map     // from the Done channel of an RPC's context to *waitingRPC
}

// any reports whether an RPC waits.
func (ws *waits) any() bool { return ws.n.Load() != 0 }

// rpcState is what is known about an RPC as a whole.
//
//	state    | an attempt follows one whose last refusal was an error | its last wait ends
//	onList   | failFast                                               | offList
//	failFast | failFast                                               | offList
//	offList  | –                                                      | –
//
// A deadline confirms the waits of an RPC that is onList, unless they are
// overtaken. Those of an RPC that is failFast it does not: the error ended the
// attempt, and it would have ended the RPC.
type rpcState uint8

const (
	onList   rpcState = iota // it may be wait-for-ready
	failFast                 // an error of the picker has ended an attempt
	offList                  // for good; if the RPC waits again, it gets another waitingRPC
)

// waitingRPC is an RPC on the list. Its attempts come one after the other, and
// the contexts that gRPC gives them share one Done channel.
type waitingRPC struct {
	key <-chan struct{} // in the list; never changes

	// mu guards the fields below. No call to gRPC or to a policy is made under
	// it.
	mu           sync.Mutex
	state        rpcState
	waits        []wait      // at most one for each policy and target
	stopWatching func() bool // stops waiting for the end of the context
}

// refused is called when a pick was refused. A context that never ends, which
// gRPC does not use, is not listed, nor is one that has ended: gRPC may ask once
// more with it, but its wait has been counted.
func (ws *waits) refused(ctx context.Context, r refusal) {
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
		if ws.refuse(ctx, found.(*waitingRPC), r) {
			return
		}
	}
}

// refuse reports false if the RPC has left the list meanwhile. An instance that
// was closed meanwhile begins no wait.
func (ws *waits) refuse(ctx context.Context, rpc *waitingRPC, r refusal) bool {
	rpc.mu.Lock()
	defer rpc.mu.Unlock()
	if rpc.state == offList {
		return false
	}
	if r.instance.closed.Load() {
		ws.unlistIfDoneLocked(rpc)
		return true
	}
	if rpc.stopWatching == nil {
		rpc.stopWatching = context.AfterFunc(ctx, func() { ws.contextEnded(ctx, rpc) })
	}
	rpc.refusedLocked(ctx, r)
	return true
}

// refusedLocked begins a wait or goes on with one. A wait of another attempt has
// ended, with the error if the last refusal was one.
func (rpc *waitingRPC) refusedLocked(ctx context.Context, r refusal) {
	now := time.Now()
	for i := range rpc.waits {
		w := &rpc.waits[i]
		switch {
		case w.instance.targetRecord != r.instance.targetRecord:
			continue
		case w.isOf(ctx):
			w.refused(r, now)
		default:
			if w.failed() {
				rpc.state = failFast
			}
			w.finish(w.knownEnd(now))
			*w = newWait(ctx, r, now)
		}
		return
	}
	rpc.waits = append(rpc.waits, newWait(ctx, r, now))
}

// resolved is called when a pick succeeded, or failed for good.
func (ws *waits) resolved(ctx context.Context) {
	if !ws.any() || ctx == nil {
		return
	}
	if found, ok := ws.rpcs.Load(ctx.Done()); ok {
		ws.finish(found.(*waitingRPC), func(w *wait, now time.Time) time.Time {
			if w.isOf(ctx) {
				w.confirm()
			}
			return now
		})
	}
}

// contextEnded is called when the context of an RPC on the list has ended. gRPC
// cancels it at the end of the RPC.
func (ws *waits) contextEnded(ctx context.Context, rpc *waitingRPC) {
	expired := errors.Is(ctx.Err(), context.DeadlineExceeded)
	ws.finish(rpc, func(w *wait, now time.Time) time.Time {
		if expired && rpc.state != failFast && !w.overtaken() {
			w.confirm()
		}
		return w.knownEnd(now)
	})
}

// finish finishes all waits of the RPC, each at the time that end returns, and
// takes the RPC off the list. It holds rpc.mu while it calls end.
func (ws *waits) finish(rpc *waitingRPC, end func(w *wait, now time.Time) time.Time) {
	rpc.mu.Lock()
	defer rpc.mu.Unlock()
	if rpc.state == offList {
		return
	}
	now := time.Now()
	for i := range rpc.waits {
		w := &rpc.waits[i]
		w.finish(end(w, now))
	}
	rpc.waits = nil
	ws.unlistIfDoneLocked(rpc)
}

// instanceClosed finishes the waits whose last refusal came from the instance,
// which is closed and so begins no others. If the RPC goes on waiting for the
// policy that replaces this one, and that one is metered, a new wait begins.
func (ws *waits) instanceClosed(inst *instance) {
	ws.finishIf(func(w *wait) bool { return w.instance == inst })
}

// prune finishes the waits of attempts that have long ceased to ask.
func (ws *waits) prune(now time.Time) {
	if ws.any() {
		ws.finishIf(func(w *wait) bool { return w.lost(now) })
	}
}

// finishIf finishes the waits for which gone returns true.
func (ws *waits) finishIf(gone func(*wait) bool) {
	ws.rpcs.Range(func(_, found any) bool {
		rpc := found.(*waitingRPC)
		rpc.mu.Lock()
		defer rpc.mu.Unlock()
		if rpc.state != offList {
			rpc.finishIfLocked(gone)
			ws.unlistIfDoneLocked(rpc)
		}
		return true
	})
}

func (rpc *waitingRPC) finishIfLocked(gone func(*wait) bool) {
	now := time.Now()
	kept := rpc.waits[:0]
	for i := range rpc.waits {
		w := &rpc.waits[i]
		if gone(w) {
			w.finish(w.knownEnd(now))
		} else {
			kept = append(kept, *w)
		}
	}
	clear(rpc.waits[len(kept):]) // so that they hold no policy in memory
	rpc.waits = kept
}

// unlistIfDoneLocked takes the RPC off the list if it has no wait, and so lets go
// of all that holds policies in memory.
func (ws *waits) unlistIfDoneLocked(rpc *waitingRPC) {
	if len(rpc.waits) > 0 {
		return
	}
	rpc.state = offList
	ws.rpcs.Delete(rpc.key)
	ws.n.Add(-1)
	if rpc.stopWatching != nil {
		rpc.stopWatching()
	}
}
