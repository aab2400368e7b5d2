package livepage

import "time"

// fewEnded is how many RPC attempts must have ended in the short window to take error
// rate and latency from it. With fewer, they come from the long window.
const fewEnded = 10

// known reports whether the window covers any time.
func (w Window) known() bool { return w.Span > 0 }

// started returns how many RPC attempts began in the window.
func (w Window) started() uint64 { return w.Picks - min(w.Repicks, w.Picks) }

// rate returns the RPC attempts that began per second.
func (w Window) rate() float64 { return perSecond(w.started(), w.Span) }

// errorsPerSecond returns the RPC attempts per second that ended with a code other
// than OK.
func (w Window) errorsPerSecond() float64 { return perSecond(w.Failed, w.Span) }

// failing returns the error rate: the failed part of the RPC attempts that ended, from
// 0 to 1.
func (w Window) failing() float64 {
	if w.Ended == 0 {
		return 0
	}
	return float64(w.Failed) / float64(w.Ended)
}

// failsOften reports whether the error rate is high, and not by chance.
func (w Window) failsOften() bool { return w.Failed >= minFailed && w.failing() >= highFailing }

// inFlight returns how many RPC attempts were in flight on average. The latency must
// be an estimate, which was computed from that number.
func (w Window) inFlight() float64 { return w.Latency.Mean.Seconds() * perSecond(w.Ended, w.Span) }

// settled returns the window to take error rates and latencies from.
func (r *Recent) settled() *Window {
	if r.Short.Ended >= fewEnded || !r.Long.known() {
		return &r.Short
	}
	return &r.Long
}

// settled returns the window to take the backend's error rate and latency from. If the
// backend is not usable, that is never the long one: it would tell of a time when it
// was.
func (b *Backend) settled() *Window {
	if b.usable() == 0 {
		return &b.Recent.Short
	}
	return b.Recent.settled()
}

// current returns the window to take rates from.
func (r *Recent) current() *Window {
	if r.Short.known() {
		return &r.Short
	}
	return &r.Long
}

func perSecond(n uint64, span time.Duration) float64 {
	if span <= 0 {
		return 0
	}
	return float64(n) / span.Seconds()
}
