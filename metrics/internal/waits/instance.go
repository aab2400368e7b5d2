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

// Instance is a policy instance, as its waits know it. Make one with [NewInstance], and
// pass it to [List.Close] at its end.
type Instance struct {
	target  Target // comparable; never changes
	pickers atomic.Uint64
	closed  atomic.Bool
}

// NewInstance returns an instance of the policy for the target.
func NewInstance(t Target) *Instance { return &Instance{target: t} }

// NextPicker returns the number of a new picker, which replaces all earlier ones.
func (i *Instance) NextPicker() uint64 { return i.pickers.Add(1) }

// LastPicker returns the number of the newest picker.
func (i *Instance) LastPicker() uint64 { return i.pickers.Load() }
