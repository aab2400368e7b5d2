package metrics

import (
	"context"
	"reflect"
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

// refusal is a pick that leaves the RPC waiting.
type refusal struct {
	instance *instance // whose picker answered
	picker   uint64    // its number
	reason   reason
}

// wait is that of one attempt under one policy for one target.
type wait struct {
	instance *instance       // whose picker answered last
	picker   uint64          // the number of that picker
	attempt  context.Context //nolint:containedctx // only its identity counts
	since    time.Time       // the first answer
	last     time.Time       // the last answer
	reason   reason
	// failed: the last answer was an error that ends the attempt, unless the RPC
	// is wait-for-ready, which a policy is not told. Who asks again, or waits
	// until the deadline, has proved that it is, and then failed is false.
	failed bool
	missed time.Time // when it was found overtaken; zero if it was not
}

// sameAttempt compares contexts. Those of gRPC are pointers; others may not even
// be comparable.
func sameAttempt(a, b context.Context) bool {
	return reflect.TypeOf(b).Kind() != reflect.Pointer || a == b
}

func newWait(ctx context.Context, inst *instance, now time.Time) wait {
	inst.targetRecord.waiting.Add(1)
	return wait{instance: inst, attempt: ctx, since: now, reason: unknown}
}

// answered notes a pick that did not succeed.
func (w *wait) answered(r refusal, now time.Time) {
	w.proved()
	w.instance, w.picker, w.last, w.missed = r.instance, r.picker, now, time.Time{}
	switch {
	case r.reason == pickerFailing && w.reason != pickerFailing:
		w.failed = true
	case w.reason == unknown:
		w.reason = r.reason
	}
}

// proved is called when it turns out that the attempt has waited on the last
// answer. A failing picker is the reason that counts, whatever came before: the
// other waits are short.
func (w *wait) proved() {
	if w.failed {
		w.failed, w.reason = false, pickerFailing
	}
}

// overtaken tells whether the instance has published another picker since the
// last answer. gRPC asks each new one, soon: an RPC that stays away has ended, or
// a policy that is not metered has picked for it.
func (w *wait) overtaken() bool { return w.picker != w.instance.pickers.Load() }

// lost tells whether the wait was found overtaken some time ago.
func (w *wait) lost(now time.Time) bool {
	const soon = time.Second
	switch {
	case !w.overtaken():
		return false
	case w.missed.IsZero():
		w.missed = now
	}
	return now.Sub(w.missed) >= soon
}

// bound returns when a wait ended that no pick has ended until now: now or, if
// it was overtaken before, with the last that is known of it.
func (w *wait) bound(now time.Time) time.Time {
	if w.overtaken() {
		return w.last
	}
	return now
}

// finish counts the wait, if it was one. An error that nobody is known to have
// waited on has ended it.
func (w *wait) finish(end time.Time) {
	t := w.instance.targetRecord
	t.waiting.Add(-1)
	if w.failed {
		end = w.last
	}
	if w.reason != unknown {
		t.pickDelayOf(w.reason).Observe(end.Sub(w.since).Seconds())
	}
}
