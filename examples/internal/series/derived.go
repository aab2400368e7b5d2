package series

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Since returns the counts since the earlier reading. Gauges keep their value.
func (p Policy) Since(earlier Policy) Policy {
	p.PicksDelayed -= earlier.PicksDelayed
	p.PicksFailed -= earlier.PicksFailed
	backends := make(map[string]Backend, len(p.Backends))
	for name, b := range p.Backends {
		backends[name] = b.Since(earlier.Backends[name])
	}
	p.Backends = backends
	return p
}

// Sum returns the sum of all backends.
func (p Policy) Sum() Backend {
	var sum Backend
	for _, b := range p.Backends {
		sum = sum.plus(b, 1)
		sum.Ready += b.Ready
		sum.Usable += b.Usable
		sum.InFlight += b.InFlight
		for reason, n := range b.Unusable {
			if sum.Unusable == nil {
				sum.Unusable = make(map[string]int)
			}
			sum.Unusable[reason] += n
		}
	}
	return sum
}

// Ready returns the backends that have a READY subchannel, sorted.
func (p Policy) Ready() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.Backends)) {
		if p.Backends[name].Ready > 0 {
			names = append(names, name)
		}
	}
	return names
}

// Settled reports whether the policy has subchannels, and each of them has either
// connected or failed to connect.
func (p Policy) Settled() bool {
	return p.Subchannels["READY"]+p.Subchannels["TRANSIENT_FAILURE"] > 0 &&
		p.Subchannels["IDLE"]+p.Subchannels["CONNECTING"] == 0
}

// Since returns the counts since the earlier reading. Gauges keep their value.
func (b Backend) Since(earlier Backend) Backend {
	return b.plus(earlier, -1)
}

// plus adds the other's counters n times.
func (b Backend) plus(other Backend, n int) Backend {
	b.Picks += n * other.Picks
	b.Repicks += n * other.Repicks
	b.Connected += n * other.Connected
	b.FailedAttempts += n * other.FailedAttempts
	b.Disconnections += n * other.Disconnections
	b.Timed += n * other.Timed
	b.Seconds += float64(n) * other.Seconds
	rpcs := make(map[string]int)
	maps.Copy(rpcs, b.RPCs)
	for code, count := range other.RPCs {
		rpcs[code] += n * count
	}
	b.RPCs = rpcs
	return b
}

// OK returns the number of RPC attempts that ended OK.
func (b Backend) OK() int { return b.RPCs["OK"] }

// NotOK returns the number of RPC attempts that ended with another code.
func (b Backend) NotOK() int { return b.Ended() - b.OK() }

// Ended returns the number of RPC attempts that ended.
func (b Backend) Ended() int { return Total(b.RPCs) }

// Consistent reports whether picks = repicks + RPC attempts ended + in flight,
// which holds in every scrape.
func (b Backend) Consistent() bool {
	return b.InFlight >= 0 && b.Picks == b.Repicks+b.Ended()+b.InFlight
}

// Total adds up counts by status code.
func Total[Code comparable](counts map[Code]int) int {
	n := 0
	for _, count := range counts {
		n += count
	}
	return n
}

// FormatCodes formats counts by status code, such as "OK 10, Unavailable 1". The
// codes are sorted. It omits codes with a count of 0, and returns "" if there is no
// other.
func FormatCodes[Code cmp.Ordered](counts map[Code]int) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		if counts[code] > 0 {
			parts = append(parts, fmt.Sprintf("%v %d", code, counts[code]))
		}
	}
	return strings.Join(parts, ", ")
}
