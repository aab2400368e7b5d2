package record

import (
	"sync/atomic"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
)

// Usability tells whether a READY SubConn may be picked or, if not, why. A SubConn
// whose health the policy does not watch is usable.
type Usability uint8

// The values of a Usability.
const (
	Usable    Usability = iota
	Unhealthy           // the health listener gave an error
	Ejected             // the health listener reported TRANSIENT_FAILURE without one, as outlier detection does
	Unchecked           // the health listener has not said READY yet, or no longer does

	numUnusable = int(Unchecked)
)

// unusableReasons are the values of the label, without Usable.
var unusableReasons = []string{Unhealthy - 1: "unhealthy", Ejected - 1: "ejected", Unchecked - 1: "unchecked"}

// String returns the value of the label, and "" for Usable.
func (u Usability) String() string {
	if u == Usable {
		return ""
	}
	return unusableReasons[u-1]
}

// verdict is what made a subchannel unusable, and when.
type verdict struct {
	why Usability
	err error // nil if there was none
	at  clock.Instant
}

// unusableCounts counts the READY SubConns of a backend that may not be picked,
// by reason, and marks the reasons for which a scrape has ever found one. It is one
// word, so that a reader finds each SubConn counted once, even while its reason
// changes. Each count has room for a million SubConns.
type unusableCounts struct{ word atomic.Uint64 }

const (
	countBits = 20
	seenBits  = countBits * numUnusable
)

// one returns a count of 1 for the reason, or 0 for Usable.
func (u Usability) one() uint64 {
	if u == Usable {
		return 0
	}
	return 1 << (countBits * (u - 1))
}

// move counts a SubConn under another reason, or under none.
func (c *unusableCounts) move(from, to Usability) { c.word.Add(to.one() - from.one()) }

// judged returns how many SubConns a verdict has made unusable.
func (c *unusableCounts) judged() int64 {
	r := unusableReading(c.word.Load())
	return r.count(int(Unhealthy)-1) + r.count(int(Ejected)-1)
}

// scrape reads the counts. Nearly each subchannel is unchecked for a moment when it
// has connected, so a reason does not count as seen before a scrape finds one.
func (c *unusableCounts) scrape() unusableReading {
	r := unusableReading(c.word.Load())
	var seen uint64
	for reason := range numUnusable {
		if r.count(reason) > 0 && !r.seen(reason) {
			seen |= 1 << (seenBits + reason)
		}
	}
	if seen != 0 {
		c.word.Or(seen)
	}
	return r | unusableReading(seen)
}

// unusableReading is the word of unusableCounts at one moment. Reasons are numbered
// as in unusableReasons.
type unusableReading uint64

func (r unusableReading) count(reason int) int64 {
	return int64(r >> (countBits * reason) & (1<<countBits - 1))
}

func (r unusableReading) seen(reason int) bool { return r>>(seenBits+reason)&1 == 1 }

func (r unusableReading) sum() (n int64) {
	for reason := range numUnusable {
		n += r.count(reason)
	}
	return n
}

// MoveUsability counts a READY SubConn of the backend under another usability. One that
// is not READY counts as Usable.
func (b *Backend) MoveUsability(from, to Usability) { b.unusable.move(from, to) }

// readySubchannels are the READY SubConns of a backend in one scrape.
type readySubchannels struct {
	usable   int64
	unusable unusableReading
}

func (r readySubchannels) ready() int64 { return r.usable + r.unusable.sum() }

func (b *Backend) readySubchannels() readySubchannels {
	return readReady(b.unusable.scrape, func() int64 { return int64(b.ready.Load()) })
}

// readReady makes what it reads agree: ready is the sum of usable and unusable.
// A SubConn that was unusable and leaves READY in between is shown as it was.
func readReady(unusable func() unusableReading, ready func() int64) readySubchannels {
	r := readySubchannels{unusable: unusable()}
	r.usable = max(ready()-r.unusable.sum(), 0)
	return r
}
