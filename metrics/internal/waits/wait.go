package waits

import (
	"context"
	"reflect"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
)

// Reason is why an RPC attempt waits for a pick, in the words of gRFC A121.
type Reason uint8

// The values of a Reason, from 0 to NumReasons-1.
const (
	Connecting    Reason = iota // there is no READY subchannel to pick
	StateMismatch               // the picked subchannel had just left READY
	PickerFailing               // the picker fails, and the RPC is wait-for-ready
	NumReasons
)

// Refusal is a pick that may leave the RPC attempt waiting.
type Refusal struct {
	Instance *Instance // whose picker refused
	Picker   uint64    // its number
	Reason   Reason
}

// waitState is what is known about an attempt from its refusals. The difficulty is
// an error of the picker: it ends the attempt unless the RPC is wait-for-ready, and
// gRPC does not tell the policy whether it is. If the attempt picks again or waits
// until its deadline, the RPC is wait-for-ready. This confirms the wait.
//
//	state       | refused:   | refused:       | ends, confirmed | ends, not confirmed
//	            | no READY   | picker failing |                 |
//	(no wait)   | queued     | failedFirst    | –               | –
//	queued      | queued     | failedLater    | first reason    | first reason
//	failedFirst | failing    | failing        | PickerFailing   | was no wait
//	failedLater | failing    | failing        | PickerFailing   | first reason, up to the error
//	failing     | failing    | failing        | PickerFailing   | PickerFailing
//
// "No READY" is a refusal for the reason Connecting or StateMismatch. The last two
// columns show the reason under which the wait counts. A confirmed failure of the
// picker is the reason for the whole wait, because the other reasons last only
// briefly.
type waitState uint8

const (
	queued      waitState = iota // waits, for the reason of the first refusal
	failedFirst                  // the only refusal was an error of the picker
	failedLater                  // queued, and then got an error of the picker
	failing                      // waits although the picker fails
)

// presence says whether the attempt still asks the pickers of its instance. The
// attempt is overtaken if there is a picker newer than the last that it asked. gRPC
// asks each new picker soon, so an attempt that stays overtaken has ended, or a
// policy that is not metered has picked for it. Scrapes and page requests check this:
//
//	presence | refused | a check finds it overtaken
//	asking   | asking  | missed
//	missed   | asking  | lost, if missed for a second
//
// A lost wait ends, not confirmed.
type presence uint8

const (
	asking presence = iota
	missed
)

// lostAfter is how long an attempt is missed before its wait ends.
const lostAfter = time.Second

// wait is the wait of one attempt for a pick by one policy for one target. It is guarded
// by the mu of its shard.
type wait struct {
	rpc   <-chan struct{} // the Done channel that the contexts of the RPC's attempts share
	chain *wait           // the next in the bucket of the shard
	links [numRings]links

	instance *Instance       // which refused last
	picker   uint64          // the number of its picker that refused last
	attempt  context.Context //nolint:containedctx // its identity counts, and how it ended
	first    clock.Instant   // when it was refused first
	last     clock.Instant   // when it was refused last
	missedAt clock.Instant   // when presence became missed; unused while asking

	state    waitState
	presence presence
	reason   Reason // the reason if the wait ends now, not confirmed; unused in failedFirst

	// failFast says that an error of the picker has ended an attempt of the RPC, so that
	// it does not wait after an error, and its deadline confirms nothing. It is the same
	// in all waits of the RPC.
	failFast bool
}

// timer measures waits. Only differences between its instants count.
var timer = clock.New()

// begin begins the wait with the refusal. Only rpc, failFast and the links are set.
func (w *wait) begin(ctx context.Context, r Refusal, now clock.Instant) {
	r.Instance.target.WaitBegins()
	w.instance, w.picker, w.attempt, w.first, w.last = r.Instance, r.Picker, ctx, now, now
	w.state, w.presence, w.reason = queued, asking, r.Reason
	if r.Reason == PickerFailing {
		w.state = failedFirst
	}
}

// refused takes a further refusal.
func (w *wait) refused(r Refusal, now clock.Instant) {
	w.confirm()
	if w.state == queued && r.Reason == PickerFailing {
		w.state = failedLater
	}
	w.instance, w.picker, w.last, w.presence = r.Instance, r.Picker, now, asking
}

// confirm is called when it turns out that the attempt has waited since the last
// refusal.
func (w *wait) confirm() {
	if w.failed() {
		w.state, w.reason = failing, PickerFailing
	}
}

// failed reports whether the last refusal may have ended the attempt.
func (w *wait) failed() bool { return w.state == failedFirst || w.state == failedLater }

// isOf reports whether the wait belongs to the attempt. gRPC's contexts are pointers.
// For others, which may not be comparable, isOf returns true.
func (w *wait) isOf(attempt context.Context) bool {
	return reflect.TypeOf(attempt).Kind() != reflect.Pointer || w.attempt == attempt
}

// rpcEnded reports whether the RPC has ended. gRPC cancels its context then.
func (w *wait) rpcEnded() bool { return w.attempt.Err() != nil }

// overtaken reports whether the instance has published another picker since the
// last refusal.
func (w *wait) overtaken() bool { return w.picker != w.instance.LastPicker() }

// lost updates the presence, and reports whether the attempt has been missed for
// lostAfter.
func (w *wait) lost(now clock.Instant) bool {
	if !w.overtaken() {
		return false
	}
	if w.presence == asking {
		w.presence, w.missedAt = missed, now
	}
	return now.Sub(w.missedAt) >= lostAfter
}

// finishUnpicked counts a wait that no pick has ended. It ended at the last refusal if
// the attempt is overtaken, at the deadline if that has passed, or else now.
func (w *wait) finishUnpicked() {
	overtaken := w.overtaken()
	var late time.Duration // since the deadline
	if !overtaken && w.attempt.Err() == context.DeadlineExceeded {
		if !w.failFast {
			w.confirm()
		}
		if deadline, ok := w.attempt.Deadline(); ok {
			late = max(time.Since(deadline), 0)
		}
	}
	end := w.last
	if !overtaken && w.state != failedFirst {
		end = timer.Now() - clock.Instant(late)
	}
	w.finish(end)
}

// finish counts the wait, which ended at end.
func (w *wait) finish(end clock.Instant) {
	w.instance.target.WaitEnds()
	switch w.state {
	case failedFirst:
		return
	case failedLater:
		end = w.last
	}
	// A deadline may pass just before the last refusal.
	w.instance.target.Delayed(w.reason, max(end, w.last).Sub(w.first))
}
