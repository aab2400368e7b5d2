package window

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// sightings are how many RPC attempts on a backend were in flight at each look.
type sightings struct {
	looks uint32
	seen  uint32 // in all looks together
	least uint32 // in one look
	last  uint32 // in the last look
	fresh uint32 // attempts that cannot be the same ones: what was more than at the look before
}

func (s *sightings) add(inFlight uint32) {
	if s.looks++; s.looks == 1 {
		s.least = inFlight
	}
	s.seen += inFlight
	s.least = min(s.least, inFlight)
	s.fresh += inFlight - min(inFlight, s.last)
	s.last = inFlight
}

// onAverage returns how many were in flight at a look.
func (s *sightings) onAverage() float64 { return float64(s.seen) / float64(s.looks) }

// A stream may be in flight at each look, and says nothing about how long other attempts
// take.
const (
	manyFresh    = 4 // attempts that were seen at least; fewer may be streams
	manyInFlight = 2 // on average; what is always in flight may be streams, unless it is more
)

// telling returns how many sightings tell how long attempts take. Where attempts are so
// long that one is seen at several looks, it counts once.
func (s *sightings) telling(ended uint64) uint32 {
	telling := s.seen
	switch {
	case s.fresh < manyFresh:
		return 0
	case s.seen <= manyInFlight*s.looks:
		telling -= s.looks * s.least
	}
	return uint32(min(uint64(telling), ended+uint64(s.last))) //nolint:gosec // at most telling
}

// latency estimates the mean by Little's law. It is 0 if no attempt was seen.
func (s *sightings) latency(ended uint64, span time.Duration) livestatus.Latency {
	return livestatus.Latency{
		Estimated: true, Mean: time.Duration(s.onAverage() / float64(ended) * float64(span)),
		Looks: s.looks, Seen: s.seen, Telling: s.telling(ended),
	}
}
