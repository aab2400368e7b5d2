package diagnosis

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// peers summarizes the usable backends of a target, so that each can be compared with
// them.
type peers struct {
	long     bool    // shares are compared over the long window, not the short one
	compared int     // backends whose share can be compared
	mean     float64 // their mean rate
	highest  float64 // their highest rate
	shortSum float64 // of all rates over the short window
	longSum  float64 // of all rates over the long window
	latencies
}

// newPeers summarizes the usable backends. Shares are compared over the long window,
// unless a usable backend came up within it.
func newPeers(backends []livestatus.Backend, now time.Time, m *Memory) peers {
	p := peers{long: true}
	means := m.latencies[:0]
	for i := range backends {
		b := &backends[i]
		if b.Usable() == 0 {
			continue
		}
		p.shortSum += b.Recent.Short.Rate()
		p.longSum += b.Recent.Long.Rate()
		p.long = p.long && covers(b, &b.Recent.Long, now)
		means = addLatency(b, means)
	}
	m.latencies = means
	p.compareLatencies(backends, means)
	p.compareRates(backends, now)
	return p
}

// compareRates fills in the mean and the highest rate.
func (p *peers) compareRates(backends []livestatus.Backend, now time.Time) {
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
func (p *peers) rateOf(b *livestatus.Backend, now time.Time) (rate float64, ok bool) {
	w := p.window(b)
	if b.Usable() == 0 || !covers(b, w, now) {
		return 0, false
	}
	return w.Rate(), true
}

func (p *peers) window(b *livestatus.Backend) *livestatus.Window {
	if p.long {
		return &b.Recent.Long
	}
	return &b.Recent.Short
}

// covers reports whether the backend was up for nearly all of the window.
func covers(b *livestatus.Backend, w *livestatus.Window, now time.Time) bool {
	return w.Known() && (b.UpSince.IsZero() || now.Sub(b.UpSince) >= w.Span*9/10)
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
func (p *peers) enough(w *livestatus.Window) bool {
	return p.compared > 1 && p.mean*w.Span.Seconds() >= minExpected
}

// judgeShare compares the picks of a usable backend with those of its peers.
func (p *peers) judgeShare(b *livestatus.Backend, now time.Time) Judged {
	rate, ok := p.rateOf(b, now)
	if !ok || !p.enough(p.window(b)) {
		return Judged{Condition: Well}
	}
	switch {
	case rate < fewPicks*p.mean:
		return Judged{Starved, float32(-rate)}
	case rate > manyPicks*p.mean:
		return Judged{Crowded, float32(rate)}
	}
	return Judged{Condition: Well}
}
