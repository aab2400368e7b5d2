package waits

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// List has the RPCs that wait for a pick, of all policy instances of a Metrics. There is one list for all instances because a wait may end elsewhere than it
// began: the pick may come from a parent, child or sibling of the policy that
// refused.
type List struct {
	n    atomic.Int64 // number of rpcs; while it is 0, picks look at nothing else
	rpcs sync.Map     // from the Done channel of an RPC's context to *waitingRPC
}

// Any reports whether an RPC waits.
func (l *List) Any() bool { return l.n.Load() != 0 }

// Len returns how many RPCs wait.
func (l *List) Len() int64 { return l.n.Load() }

// rpcState is what is known about an RPC as a whole.
//
//	state    | an attempt follows one whose last refusal was an error | its last wait ends
//	onList   | failFast                                               | offList
//	failFast | failFast                                               | offList
//	offList  | –                                                      | –
//
// If the deadline of an RPC passes that is onList, this confirms its waits, unless
// they are overtaken. It confirms no wait of an RPC that is failFast: such an RPC
// does not wait after an error.
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

// Refused is called when a pick was refused. It ignores contexts that never end,
// which gRPC does not use, and contexts that have ended: gRPC may pick once more
// with such a context, but its wait has already been counted.
func (l *List) Refused(ctx context.Context, r Refusal) {
	if ctx == nil || ctx.Err() != nil || r.Instance.closed.Load() {
		return
	}
	key := ctx.Done()
	if key == nil {
		return
	}
	for {
		found, known := l.rpcs.LoadOrStore(key, &waitingRPC{key: key})
		if !known {
			l.n.Add(1)
		}
		if l.refusedOnList(ctx, found.(*waitingRPC), r) {
			return
		}
	}
}

// refusedOnList reports false if the RPC has left the list in the meantime. If the
// instance has been closed in the meantime, no wait begins.
func (l *List) refusedOnList(ctx context.Context, rpc *waitingRPC, r Refusal) bool {
	rpc.mu.Lock()
	defer rpc.mu.Unlock()
	if rpc.state == offList {
		return false
	}
	if r.Instance.closed.Load() {
		l.unlistIfDoneLocked(rpc)
		return true
	}
	if rpc.stopWatching == nil {
		rpc.stopWatching = context.AfterFunc(ctx, func() { l.contextEnded(ctx, rpc) })
	}
	rpc.refusedLocked(ctx, r)
	return true
}

// refusedLocked begins a wait or continues one. The new attempt shows that the
// attempt before has ended. If its last refusal was an error, that ended it.
func (rpc *waitingRPC) refusedLocked(ctx context.Context, r Refusal) {
	now := time.Now()
	for i := range rpc.waits {
		w := &rpc.waits[i]
		switch {
		case w.instance.target != r.Instance.target:
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

// Resolved is called when a pick succeeded, or failed for good.
func (l *List) Resolved(ctx context.Context) {
	if !l.Any() || ctx == nil {
		return
	}
	if found, ok := l.rpcs.Load(ctx.Done()); ok {
		l.finishAll(found.(*waitingRPC), func(w *wait, now time.Time) time.Time {
			if w.isOf(ctx) {
				w.confirm()
			}
			return now
		})
	}
}

// contextEnded is called when the context of an RPC on the list has ended. gRPC
// cancels it at the end of the RPC.
func (l *List) contextEnded(ctx context.Context, rpc *waitingRPC) {
	expired := errors.Is(ctx.Err(), context.DeadlineExceeded)
	l.finishAll(rpc, func(w *wait, now time.Time) time.Time {
		if expired && rpc.state != failFast && !w.overtaken() {
			w.confirm()
		}
		return w.knownEnd(now)
	})
}

// finishAll finishes all waits of the RPC, each at the time that end returns, and
// takes the RPC off the list. It holds rpc.mu while it calls end.
func (l *List) finishAll(rpc *waitingRPC, end func(w *wait, now time.Time) time.Time) {
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
	l.unlistIfDoneLocked(rpc)
}

// Close closes the instance: it finishes the waits whose last refusal came from it, and
// no other wait begins. If the RPC goes on waiting for the policy that comes next, and
// that policy is metered, a new wait begins.
func (l *List) Close(inst *Instance) {
	inst.closed.Store(true)
	l.finishIf(func(w *wait) bool { return w.instance == inst })
}

// Prune finishes lost waits.
func (l *List) Prune(now time.Time) {
	if l.Any() {
		l.finishIf(func(w *wait) bool { return w.lost(now) })
	}
}

// finishIf finishes the waits for which gone returns true.
func (l *List) finishIf(gone func(*wait) bool) {
	l.rpcs.Range(func(_, found any) bool {
		rpc := found.(*waitingRPC)
		rpc.mu.Lock()
		defer rpc.mu.Unlock()
		if rpc.state != offList {
			rpc.finishIfLocked(gone)
			l.unlistIfDoneLocked(rpc)
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

// unlistIfDoneLocked takes the RPC off the list if it has no more waits.
func (l *List) unlistIfDoneLocked(rpc *waitingRPC) {
	if len(rpc.waits) > 0 {
		return
	}
	rpc.state = offList
	l.rpcs.Delete(rpc.key)
	l.n.Add(-1)
	if rpc.stopWatching != nil {
		rpc.stopWatching()
	}
}
