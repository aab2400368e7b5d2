package waits

import (
	"sync/atomic"
	"time"
)

// Target counts the waits for picks by one policy for one target. Its methods may be
// called from any goroutine, and must not call this package.
type Target interface {
	WaitBegins()
	WaitEnds()
	// Delayed is called at the end of a wait, unless it turns out to have been none.
	Delayed(why Reason, waited time.Duration)
}

// Instance is a policy instance, as its waits know it. Make one with [List.NewInstance],
// and pass it to [List.Close] at its end.
type Instance struct {
	list    *List  // never changes
	target  Target // comparable; never changes
	pickers atomic.Uint64
	closed  atomic.Bool

	// Of each shard of the list, the waits whose last refusal came from the instance.
	// Guarded by the shard's mu.
	waits [numShards]ring
}

// NewInstance returns an instance of the policy for the target.
func (l *List) NewInstance(t Target) *Instance { return &Instance{list: l, target: t} }

// NextPicker returns the number of a new picker, which replaces all earlier ones. It
// first finishes the instance's waits whose RPCs have ended. If RPCs wait, the cost is
// proportional to those of the instance. gRPC then asks the picker for each of them,
// which costs much more.
func (i *Instance) NextPicker() uint64 {
	i.finishIf((*wait).rpcEnded)
	return i.pickers.Add(1)
}

// LastPicker returns the number of the newest picker.
func (i *Instance) LastPicker() uint64 { return i.pickers.Load() }

// finishIf finishes the instance's waits for which gone returns true.
func (i *Instance) finishIf(gone func(*wait) bool) {
	if !i.list.Any() {
		return
	}
	for n := range i.list.shards {
		i.list.finishIf(n, &i.waits[n], ofInstance, gone)
	}
}
