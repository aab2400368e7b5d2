package diagnosis

import (
	"math"
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// latencies summarizes how long RPC attempts take on the usable backends of a target.
type latencies struct {
	median      time.Duration // of the mean latencies
	below       time.Duration // if not 0, the median backend is one whose mean is below that
	short, long sightings
}

// sightings are those of the backends whose latency is estimated from them, and not far
// above the median.
type sightings struct {
	backends       int
	seen, exposure float64
}

// addLatency adds the backend's mean latency to the list: as a negative bound, if it is
// only known to be below that.
func addLatency(b *livestatus.Backend, means []time.Duration) []time.Duration {
	w := b.Settled()
	if below := w.Below(); below > 0 {
		return append(means, -below)
	}
	if w.Latency.Mean > 0 {
		return append(means, w.Latency.Mean)
	}
	return means
}

// compareLatencies finds the median of the means, which it sorts, and sums up what was
// seen of the backends.
func (ls *latencies) compareLatencies(backends []livestatus.Backend, means []time.Duration) {
	if len(means) == 0 {
		return
	}
	slices.Sort(means)
	if ls.median = means[(len(means)-1)/2]; ls.median < 0 {
		ls.median, ls.below = 0, -ls.median
	}
	for i := range backends {
		if b := &backends[i]; b.Usable() > 0 && b.Settled().Latency.Mean < ls.far() {
			ls.short.add(&b.Recent.Short)
			ls.long.add(&b.Recent.Long)
		}
	}
}

func (s *sightings) add(w *livestatus.Window) {
	if w.Latency.Estimated {
		s.backends++
		s.seen += float64(w.Latency.Seen)
		s.exposure += w.Exposure()
	}
}

// far returns the mean latency from which on a backend may be slow.
func (ls *latencies) far() time.Duration { return max(slowFactor*ls.median, ls.median+minSlower) }

// slower reports whether the latency is far above the median: the mean, and where it
// is measured the 95th percentile as well. One pause of the client or the network
// moves the mean of many backends, but the percentile of few. An estimate must not be
// due to chance.
func (ls *latencies) slower(b *livestatus.Backend) bool {
	l := &b.Settled().Latency
	far := ls.far()
	switch {
	case l.Mean < far:
		return false
	case l.Estimated:
		return ls.short.tell(&b.Recent.Short) || ls.long.tell(&b.Recent.Long)
	}
	return l.Count >= livestatus.FewEnded && l.P95 >= far
}

// tell reports whether the attempts that were seen in flight on a backend tell that it is
// slower than the others. If it were as fast as they are, each sighting would be one of it
// by a chance that its exposure says. Chernoff bounds the probability of so many.
func (s *sightings) tell(w *livestatus.Window) bool {
	if w.Latency.Telling == 0 || s.exposure == 0 {
		return false
	}
	own := float64(w.Latency.Telling)
	part, chance := own/(own+s.seen), w.Exposure()/(w.Exposure()+s.exposure)
	if part <= chance {
		return false
	}
	divergence := part * math.Log(part/chance)
	if part < 1 {
		divergence += (1 - part) * math.Log((1-part)/(1-chance))
	}
	return (own+s.seen)*divergence >= math.Log(float64(s.backends+1)/falseAlarms)
}
