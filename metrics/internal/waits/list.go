package waits

import (
	"context"
	"sync/atomic"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
)

// List has the RPCs that wait for a pick, of all policy instances of a Metrics. There is
// one list for all instances because a wait may end elsewhere than it began: the pick
// may come from a parent, child or sibling of the policy that refused. The zero value is
// empty.
//
// Nobody tells the list when the context of an RPC ends. It notices when it looks at the
// RPC: before a new picker of its policy, at a scrape or page request, or while it
// handles other RPCs (tidyLocked).
type List struct {
	n      atomic.Int64 // number of RPCs; while it is 0, picks look at nothing else
	_      [128 - 8]byte
	shards [numShards]shard
}

// Any reports whether an RPC is on the list.
func (l *List) Any() bool { return l.n.Load() != 0 }

// Len returns how many RPCs are on the list. Some may have ended since the last Prune.
func (l *List) Len() int64 { return l.n.Load() }

// Refused is called when a pick was refused. It ignores contexts that never end,
// which gRPC does not use, and contexts that have ended: gRPC may pick once more
// with such a context, but its wait is over.
func (l *List) Refused(ctx context.Context, r Refusal) {
	if ctx == nil || r.Instance.closed.Load() {
		return
	}
	rpc := ctx.Done()
	if rpc == nil || isClosed(rpc) {
		return
	}
	now, n := timer.Now(), shardOf(rpc)
	s := &l.shards[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	l.tidyLocked(n, r.Instance)
	if r.Instance.closed.Load() {
		return // meanwhile, and Close finishes no wait that begins now
	}
	first := s.firstLocked(rpc)
	for w := first; w != nil; w = s.nextLocked(w) {
		if w.instance.target == r.Instance.target {
			l.refusedAgainLocked(ctx, n, w, r, now)
			return
		}
	}
	w := s.addLocked(rpc)
	if first == nil {
		l.n.Add(1)
	} else {
		w.failFast = first.failFast
	}
	w.begin(ctx, r, now)
	r.Instance.waits[n].add(w, ofInstance)
}

// refusedAgainLocked is called when a pick was refused and its RPC waits for the same
// policy and target already. The wait is in shard n.
func (l *List) refusedAgainLocked(ctx context.Context, n int, w *wait, r Refusal, now clock.Instant) {
	before := w.instance
	if w.isOf(ctx) {
		w.refused(r, now)
	} else {
		// The new attempt shows that the attempt before has ended. If its last refusal was
		// an error, that ended it.
		if w.failed() {
			l.shards[n].failFastLocked(w.rpc)
		}
		w.finishUnpicked()
		w.begin(ctx, r, now)
	}
	if w.instance != before {
		before.waits[n].remove(w, ofInstance)
		w.instance.waits[n].add(w, ofInstance)
	}
}

// Resolved is called when a pick of the instance succeeded, or failed for good.
func (l *List) Resolved(ctx context.Context, inst *Instance) {
	if !l.Any() || ctx == nil {
		return
	}
	rpc := ctx.Done()
	n := shardOf(rpc)
	s := &l.shards[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	l.tidyLocked(n, inst)
	for w := s.firstLocked(rpc); w != nil; w = s.firstLocked(rpc) {
		if w.isOf(ctx) {
			w.confirm()
		}
		w.finish(timer.Now())
		l.removeLocked(n, w)
	}
}

// Close closes the instance: it finishes the waits whose last refusal came from it, and
// no other wait begins. If the RPC goes on waiting for the policy that comes next, and
// that policy is metered, a new wait begins.
func (l *List) Close(inst *Instance) {
	inst.closed.Store(true)
	inst.finishIf(func(*wait) bool { return true })
}

// Prune finishes the waits of RPCs that have ended, and lost waits.
func (l *List) Prune() {
	if !l.Any() {
		return
	}
	now := timer.Now()
	for n := range l.shards {
		l.finishIf(n, &l.shards[n].all, ofShard, func(w *wait) bool { return w.rpcEnded() || w.lost(now) })
	}
}

// finishIf finishes the waits on a ring of shard n for which gone returns true.
func (l *List) finishIf(n int, r *ring, which int, gone func(*wait) bool) {
	s := &l.shards[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	r.each(which, func(w *wait) {
		if gone(w) {
			w.finishUnpicked()
			l.removeLocked(n, w)
		}
	})
}

// tidyLocked looks at two of the instance's waits in shard n, two others each time, and
// finishes those whose RPCs have ended. Each refusal adds at most one wait. So there are
// seldom more RPCs on the list that have ended than others, however long nobody scrapes;
// and when the last RPC that waited has ended, the next picks take it off the list.
//
// It leaves the waits of other instances alone. Tests may have these in other synctest
// bubbles, where to ask a context whether it has ended crashes the program.
func (l *List) tidyLocked(n int, inst *Instance) {
	r := &inst.waits[n]
	for range 2 {
		w := r.first
		switch {
		case w == nil:
			return
		case w.rpcEnded():
			w.finishUnpicked()
			l.removeLocked(n, w)
		default:
			r.turn(ofInstance)
		}
	}
}

// removeLocked takes a wait that is finished off shard n.
func (l *List) removeLocked(n int, w *wait) {
	s, rpc := &l.shards[n], w.rpc
	w.instance.waits[n].remove(w, ofInstance)
	s.removeLocked(w)
	if s.firstLocked(rpc) == nil {
		l.n.Add(-1)
	}
}

// isClosed reports whether the Done channel of a context is closed.
func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
