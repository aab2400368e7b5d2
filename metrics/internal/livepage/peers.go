package livepage

import (
	"slices"
	"time"
)

// peers summarizes the usable backends of a target, so that each can be compared with
// them.
type peers struct {
	long      bool    // shares are compared over the long window, not the short one
	compared  int     // backends whose share can be compared
	mean      float64 // their mean rate
	highest   float64 // their highest rate
	total     [2]float64
	latencies int           // backends whose latency is known
	median    time.Duration // of their mean latencies
}

// Indexes of the sums over each window.
const (
	shortWindow = iota
	longWindow
)

// newPeers summarizes the usable backends. Shares are compared over the long window,
// unless a usable backend came up within it.
func newPeers(backends []Backend, now time.Time, m *memory) peers {
	p := peers{long: true}
	latencies := m.latencies[:0]
	for i := range backends {
		b := &backends[i]
		if b.usable() == 0 {
			continue
		}
		p.total[shortWindow] += b.Recent.Short.rate()
		p.total[longWindow] += b.Recent.Long.rate()
		p.long = p.long && b.covers(&b.Recent.Long, now)
		if l := b.settled().Latency; l.Mean > 0 {
			latencies = append(latencies, l.Mean)
		}
	}
	m.latencies = latencies
	if p.latencies = len(latencies); p.latencies > 0 {
		slices.Sort(latencies)
		p.median = latencies[(p.latencies-1)/2]
	}
	p.compareRates(backends, now)
	return p
}

// compareRates fills in the mean and the highest rate.
func (p *peers) compareRates(backends []Backend, now time.Time) {
	sum := 0.0
	for i := range backends {
		if rate, ok := p.rateOf(&backends[i], now); ok {
			p.compared++
			sum += rate
			p.highest = max(p.highest, rate)
		}
	}
	if p.compared > 0 {
		p.mean = sum / float64(p.compared)
	}
}

// rateOf returns the rate of a backend over the window in which shares are
// compared, if it was usable for all of it.
func (p *peers) rateOf(b *Backend, now time.Time) (rate float64, ok bool) {
	w := p.window(b)
	if b.usable() == 0 || !b.covers(w, now) {
		return 0, false
	}
	return w.rate(), true
}

func (p *peers) window(b *Backend) *Window {
	if p.long {
		return &b.Recent.Long
	}
	return &b.Recent.Short
}

// covers reports whether the backend was up for nearly all of the window.
func (b *Backend) covers(w *Window, now time.Time) bool {
	return w.known() && (b.UpSince.IsZero() || now.Sub(b.UpSince) >= w.Span*9/10)
}

// imbalance returns the highest rate of a usable backend over the mean of all; 0 if
// there were no picks.
func (p *peers) imbalance() float64 {
	if p.mean == 0 {
		return 0
	}
	return p.highest / p.mean
}

// enough reports whether there are enough picks in the window for shares to mean
// something.
func (p *peers) enough(w *Window) bool {
	return p.compared > 1 && p.mean*w.Span.Seconds() >= minExpected
}

// judgeShare compares the picks of a usable backend with those of its peers.
func (p *peers) judgeShare(b *Backend, now time.Time) judged {
	rate, ok := p.rateOf(b, now)
	if !ok || !p.enough(p.window(b)) {
		return judged{condition: well}
	}
	switch {
	case rate < fewPicks*p.mean:
		return judged{starved, float32(-rate)}
	case rate > manyPicks*p.mean:
		return judged{crowded, float32(rate)}
	}
	return judged{condition: well}
}

// slower reports whether the latency is far above the median: the mean, and where it
// is measured the 95th percentile as well. One pause of the client or the network
// moves the mean of many backends, but the percentile of few.
func (p *peers) slower(w *Window) bool {
	l := w.Latency
	if p.latencies < 2 || l.Estimated && w.inFlight() < minInFlight || !l.Estimated && l.Count < fewEnded {
		return false
	}
	far := max(slowFactor*p.median, p.median+minSlower)
	return l.Mean >= far && (l.Estimated || l.P95 >= far)
}
