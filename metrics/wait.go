package metrics

import (
	"context"
	"reflect"
	"time"
)

// reason is why an RPC attempt waits for a pick, in the words of gRFC A121.
type reason uint8

const (
	connecting    reason = iota // there is no READY subchannel to pick
	stateMismatch               // the picked subchannel had just left READY
	pickerFailing               // the picker fails, and the RPC is wait-for-ready
	numReasons
)

// refusal is a pick that may leave the RPC attempt waiting.
type refusal struct {
	instance *instance // whose picker refused
	picker   uint64    // its number
	reason   reason
}

// waitState is what the refusals so far say about an attempt. The hard part is an
// error of the picker: it ends the attempt, unless the RPC is wait-for-ready, and
// a policy is not told which of the two the RPC is. An attempt that asks again, or
// that waits until its deadline, is wait-for-ready: that confirms the wait.
//
//	state       | refused:   | refused:       | ends, confirmed | ends, not confirmed
//	            | no READY   | picker failing |                 |
//	(no wait)   | queued     | failedFirst    | –               | –
//	queued      | queued     | failedLater    | first reason    | first reason
//	failedFirst | failing    | failing        | pickerFailing   | was no wait
//	failedLater | failing    | failing        | pickerFailing   | first reason, up to the error
//	failing     | failing    | failing        | pickerFailing   | pickerFailing
//
// A refusal with the reason connecting or stateMismatch is one of the second
// column. The last two columns say under which reason the wait is counted. Once a
// picker failure is confirmed it is the reason for all of the wait: other waits
// are short.
type waitState uint8

const (
	queued      waitState = iota // waits, for the reason of the first refusal
	failedFirst                  // the only refusal was an error of the picker
	failedLater                  // queued, and then got an error of the picker
	failing                      // waits although the picker fails
)

// presence is whether the attempt still asks the pickers of its instance. gRPC
// asks each new picker soon. An attempt that does not ask is overtaken: it has
// ended, or a policy that is not metered has picked for it.
//
//	presence | refused | a look finds it overtaken
//	asking   | asking  | missed
//	missed   | asking  | lost, if it has been missed for a second
//
// A lost wait ends, not confirmed.
type presence uint8

const (
	asking presence = iota
	missed
)

// lostAfter is how long an attempt is missed before its wait ends.
const lostAfter = time.Second

// wait is the wait of one attempt for a pick by one policy for one target.
type wait struct {
	instance *instance       // which refused last
	picker   uint64          // the number of its picker that refused last
	attempt  context.Context //nolint:containedctx // only its identity counts
	first    time.Time       // when it was refused first
	last     time.Time       // when it was refused last
	missedAt time.Time       // if presence is missed: since when

	state    waitState
	presence presence
	reason   reason // under which the wait counts if it ends now, not confirmed; not if failedFirst
}

// newWait returns the wait that begins with the refusal.
func newWait(ctx context.Context, r refusal, now time.Time) wait {
	r.instance.targetRecord.waiting.Add(1)
	w := wait{instance: r.instance, picker: r.picker, attempt: ctx, first: now, last: now, reason: r.reason}
	if r.reason == pickerFailing {
		w.state = failedFirst
	}
	return w
}

// refused takes a further refusal.
func (w *wait) refused(r refusal, now time.Time) {
	w.confirm()
	if w.state == queued && r.reason == pickerFailing {
		w.state = failedLater
	}
	w.instance, w.picker, w.last, w.presence = r.instance, r.picker, now, asking
}

// confirm is called when it turns out that the attempt has waited since the last
// refusal.
func (w *wait) confirm() {
	if w.failed() {
		w.state, w.reason = failing, pickerFailing
	}
}

// failed reports whether the last refusal may have ended the attempt.
func (w *wait) failed() bool { return w.state == failedFirst || w.state == failedLater }

// isOf reports whether the wait is that of the attempt. Of contexts that are not
// pointers, as gRPC's are, it assumes so: they may not be comparable.
func (w *wait) isOf(attempt context.Context) bool {
	return reflect.TypeOf(attempt).Kind() != reflect.Pointer || w.attempt == attempt
}

// overtaken reports whether the instance has published another picker since the
// last refusal.
func (w *wait) overtaken() bool { return w.picker != w.instance.pickers.Load() }

// lost looks whether the attempt still asks. It reports whether the attempt has
// been missed for too long.
func (w *wait) lost(now time.Time) bool {
	if !w.overtaken() {
		return false
	}
	if w.presence == asking {
		w.presence, w.missedAt = missed, now
	}
	return now.Sub(w.missedAt) >= lostAfter
}

// knownEnd returns when the wait ended if no picker says that it did: now, or at
// the last refusal if it was overtaken after that.
func (w *wait) knownEnd(now time.Time) time.Time {
	if w.overtaken() {
		return w.last
	}
	return now
}

// finish counts the wait, which ended at end.
func (w *wait) finish(end time.Time) {
	t := w.instance.targetRecord
	t.waiting.Add(-1)
	switch w.state {
	case failedFirst:
		return
	case failedLater:
		end = w.last
	}
	t.pickWait[w.reason].Observe(end.Sub(w.first).Seconds())
}
