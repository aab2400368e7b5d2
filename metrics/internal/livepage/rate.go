package livepage

import "time"

// fewEnded is how many RPC attempts must have ended in the short window for it to
// tell an error rate or a latency. With fewer, the long window does.
const fewEnded = 10

// known reports whether the window covers any time.
func (w Window) known() bool { return w.Span > 0 }

// started returns how many RPC attempts began in the window.
func (w Window) started() uint64 { return w.Picks - min(w.Repicks, w.Picks) }

// rate returns the RPC attempts that began per second.
func (w Window) rate() float64 { return perSecond(w.started(), w.Span) }

// errorsPerSecond returns the RPC attempts that ended with another code than OK.
func (w Window) errorsPerSecond() float64 { return perSecond(w.Failed, w.Span) }

// failing returns the part of the RPC attempts that ended which failed, from 0 to 1.
func (w Window) failing() float64 {
	if w.Ended == 0 {
		return 0
	}
	return float64(w.Failed) / float64(w.Ended)
}

// inFlight returns how many RPC attempts were in flight on average, if the latency is
// an estimate from that.
func (w Window) inFlight() float64 { return w.Latency.Mean.Seconds() * perSecond(w.Ended, w.Span) }

// settled returns the window that error rates and latencies are taken from.
func (r *Recent) settled() *Window {
	if r.Short.Ended >= fewEnded || !r.Long.known() {
		return &r.Short
	}
	return &r.Long
}

// current returns the window that rates are taken from.
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
