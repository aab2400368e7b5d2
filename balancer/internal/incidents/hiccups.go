package incidents

import (
	"slices"
	"time"
)

// slower is by how much the mean of a backend must be above the median to excuse that
// the page calls it slow. The page's own thresholds are higher.
const slower = 2

// hiccups returns the backends that the page calls slow because a busy
// machine has made some of their RPCs slow.
func (l *Look) hiccups() []string {
	if l.looked {
		return l.hurt
	}
	l.looked = true
	for i := range l.Backends {
		b := &l.Backends[i]
		if b.Condition == "slow" && (l.wasSlow(b, 0) || l.wasSlow(b, 1)) {
			l.hurt = append(l.hurt, b.Name)
		}
	}
	return l.hurt
}

// wasSlow reports whether the stats handler has seen that in a window.
func (l *Look) wasSlow(slow *Backend, window int) bool {
	var means []time.Duration
	for i := range l.Backends {
		if mean := l.mean(&l.Backends[i], window); mean > 0 {
			means = append(means, mean)
		}
	}
	slices.Sort(means)
	return len(means) > 1 && l.mean(slow, window) > slower*means[(len(means)-1)/2]
}

// mean returns how long the backend took on average in a window.
func (l *Look) mean(b *Backend, window int) time.Duration {
	w := [...]*Window{b.Recent.Short, b.Recent.Long}[window]
	if w == nil {
		return 0
	}
	var sum time.Duration
	took := l.attempts.in(b.Name, w.span(), [2]time.Time{l.asked, l.came}).took
	for _, d := range took {
		sum += d
	}
	return sum / time.Duration(max(len(took), 1))
}
