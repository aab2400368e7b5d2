package record

import (
	"time"
	"unsafe"
)

// DurationsSize is how large the durations of a backend are, in bytes.
const DurationsSize = unsafe.Sizeof(rpcDurations{})

// Records returns the number of records, expired ones included.
func Records(s *Store) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.targets.len()
	for t := range s.targets.values() {
		n += t.backends.len()
	}
	return n
}

// Table is the map that shrinks.
type Table = table[int, int]

// Put, Delete and DeleteFunc are those of the table.
func (t *table[K, V]) Put(k K, v V)                { t.put(k, v) }
func (t *table[K, V]) Delete(k K)                  { t.delete(k) }
func (t *table[K, V]) DeleteFunc(del func(V) bool) { t.deleteFunc(del) }

// FirstObservations records n durations, each as if the backend had no histogram yet.
func FirstObservations(b *Backend, n int) {
	for range n {
		b.newDurations().Observe(time.Second)
	}
}

// InFlight reads how many RPCs are in flight.
func InFlight(b *Backend) int64 { return b.traffic().inFlight }

// InFlightAcross reads in flight while an RPC begins and ends between the two reads
// of counters.
func InFlightAcross() int64 {
	var rpcs uint64
	return readTraffic(
		func() ends {
			e := ends{repicks: rpcs}
			rpcs++
			return e
		},
		func() uint64 {
			picks := rpcs
			rpcs++
			return picks
		}).inFlight
}

// ReadyAcross reads the subchannels of a backend whose only one is ejected and
// READY before the first read of counters and IDLE before the second, or the other
// way round.
func ReadyAcross(leaves bool) (readyNow, usableNow, ejectedNow int64) {
	var b Backend
	enter := func() {
		b.ready.Add(1)
		b.MoveUsability(Usable, Ejected)
	}
	if leaves {
		enter()
	}
	r := readReady(func() unusableReading {
		r := b.unusable.scrape()
		if leaves {
			b.MoveUsability(Ejected, Usable)
			b.LeaveReady()
		} else {
			enter()
		}
		return r
	}, func() int64 { return int64(b.ready.Load()) })
	return r.ready(), r.usable, r.unusable.count(int(Ejected) - 1)
}

// CountUnusable counts n subchannels for each reason, and says how many a scrape
// then finds.
func CountUnusable(n int) (counts []int64) {
	var c unusableCounts
	for reason := range numUnusable {
		for range n {
			c.move(Usable, Usability(reason+1))
		}
	}
	for reason := range numUnusable {
		counts = append(counts, c.scrape().count(reason))
	}
	return counts
}
