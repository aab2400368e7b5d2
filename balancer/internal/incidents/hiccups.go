package incidents

import (
	"slices"
	"time"
)

// slower is how many times the median backend's mean latency a backend must have had
// for the page to be right to call it slow. The page's own thresholds are higher.
const slower = 2

// hiccups returns the backends that the page calls slow because a busy machine has
// really made some of their RPCs slow.
func (l *Look) hiccups() []string {
	if l.looked {
		return l.hurt
	}
	l.looked = true
	for i := range l.Backends {
		b := &l.Backends[i]
		if b.Condition == "slow" && (l.wasSlow(b, short) || l.wasSlow(b, long)) {
			l.hurt = append(l.hurt, b.Name)
		}
	}
	return l.hurt
}

// SlowDown raises the culprit's delay to that many times the latency of the median
// backend, unless it is longer. On a busy machine a fixed delay may not stand out.
func (l *Look) SlowDown(times int) {
	delay := &l.Faults[l.Culprit].Delay
	delay.Store(max(delay.Load(), int64(times)*int64(l.median(short))))
}

// wasSlow reports whether the channel's stats handler, too, saw that the backend was
// slow in a window.
func (l *Look) wasSlow(slow *Backend, window func(*Windows) *Window) bool {
	median := l.median(window)
	return median > 0 && l.mean(slow, window) > slower*median
}

// median returns the median of the backends' mean latencies in a window, the lower one of
// two. It is 0 if fewer than two backends had an RPC.
func (l *Look) median(window func(*Windows) *Window) time.Duration {
	var means []time.Duration
	for i := range l.Backends {
		if mean := l.mean(&l.Backends[i], window); mean > 0 {
			means = append(means, mean)
		}
	}
	if len(means) < 2 {
		return 0
	}
	slices.Sort(means)
	return means[(len(means)-1)/2]
}

// mean returns how long the backend's RPCs took on average in a window.
func (l *Look) mean(b *Backend, window func(*Windows) *Window) time.Duration {
	w := window(&b.Recent)
	if w == nil {
		return 0
	}
	var sum time.Duration
	took := l.counted(b, w).took
	for _, d := range took {
		sum += d
	}
	return sum / time.Duration(max(len(took), 1))
}
