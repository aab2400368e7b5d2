package livestatus

import "time"

// Recent is what happened lately.
type Recent struct {
	Short Window // about 10 seconds
	Long  Window // about one minute
}

// Window is what happened in a stretch of time that ends now.
type Window struct {
	// Span is how long the window is. It is shorter than intended if the backend is
	// younger, or if nobody looked at the target for a long time before now. It is longer
	// if nobody looked in between. 0 means that nothing is known. The windows of a
	// target's backends can differ in Span, so compare rates.
	Span time.Duration

	Picks, Repicks uint64
	Ended, Failed  uint64 // RPC attempts that ended, and how many of these failed
	Latency        Latency
}

// Latency is how long RPC attempts took. If Mean is 0, nothing is known.
type Latency struct {
	Count uint64 // attempts that were measured
	Mean  time.Duration
	// Quantiles, usually right to a tenth (package window). 0 if Estimated.
	P50, P95, P99 time.Duration

	// Estimated says that the attempts were not measured. Count is then 0, and Mean is
	// the average number of attempts in flight divided by the rate at which they ended.
	// If none was in flight at any look, Mean is 0, and [Window.Below] says more.
	Estimated bool
	// How often a backend was looked at for an estimate, how many attempts were in flight
	// at these looks together, and how many of these are not streams by all appearances.
	Looks, Seen, Telling uint32
}

// FewEnded is how many RPC attempts must have ended in the short window to take error
// rate and latency from it. With fewer, they come from the long window.
const FewEnded = 10

// Known reports whether the window covers any time.
func (w Window) Known() bool { return w.Span > 0 }

// started returns how many RPC attempts began in the window.
func (w Window) started() uint64 { return w.Picks - min(w.Repicks, w.Picks) }

// Rate returns the RPC attempts that began per second.
func (w Window) Rate() float64 { return PerSecond(w.started(), w.Span) }

// ErrorsPerSecond returns the RPC attempts per second that ended with a code other
// than OK.
func (w Window) ErrorsPerSecond() float64 { return PerSecond(w.Failed, w.Span) }

// Failing returns the error rate: the failed part of the RPC attempts that ended, from
// 0 to 1.
func (w Window) Failing() float64 {
	if w.Ended == 0 {
		return 0
	}
	return float64(w.Failed) / float64(w.Ended)
}

// Below returns a bound of the mean latency that is right in 95 % of cases, if the latency
// is estimated and no attempt was in flight at any look. Otherwise it returns 0.
func (w *Window) Below() time.Duration {
	if l := &w.Latency; !l.Estimated || l.Seen > 0 || l.Looks == 0 || w.Ended == 0 {
		return 0
	}
	const ruleOfThree = 3 // where 3 were to be expected, none is seen in 5 % of cases
	return time.Duration(ruleOfThree / w.Exposure() * float64(time.Second))
}

// Exposure returns how many attempts would have been seen in flight by now for each second
// that one takes, if the latency is estimated.
func (w *Window) Exposure() float64 { return float64(w.Latency.Looks) * PerSecond(w.Ended, w.Span) }

// Settled returns the window to take error rates and latencies from.
func (r *Recent) Settled() *Window {
	if r.Short.Ended >= FewEnded || !r.Long.Known() {
		return &r.Short
	}
	return &r.Long
}

// Settled returns the window to take the backend's error rate and latency from. If the
// backend is not usable, that is never the long one: it would tell of a time when it
// was.
func (b *Backend) Settled() *Window {
	if b.Usable() == 0 {
		return &b.Recent.Short
	}
	return b.Recent.Settled()
}

// Current returns the window to take rates from.
func (r *Recent) Current() *Window {
	if r.Short.Known() {
		return &r.Short
	}
	return &r.Long
}

// PerSecond returns n per second of the span, or 0 if that is not positive.
func PerSecond(n uint64, span time.Duration) float64 {
	if span <= 0 {
		return 0
	}
	return float64(n) / span.Seconds()
}
