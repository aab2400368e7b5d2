package waits

import (
	"reflect"
	"sync"
)

// numShards is a power of two. More shards let more cores work at once, but it takes
// longer until the end of the only RPC on the list is noticed, see [List.tidyLocked].
const (
	logShards = 3
	numShards = 1 << logShards
)

// shard has some of the waits, chosen by their RPCs: a hash table that needs no memory
// but the buckets, so adding to it seldom allocates.
type shard struct {
	// mu guards the fields below, the waits on them and the instances' rings of this
	// shard. Only methods of Target are called under it, and Err and Deadline of
	// contexts that have ended.
	mu      sync.Mutex
	buckets []*wait // each the first of a chain; their number is a power of two, or 0
	n       int     // number of waits
	all     ring    // all of them
	free    *wait   // waits to be used again, a chain of at most maxFree
	numFree int

	_ [128 - 64]byte // two cache lines: processors fetch them in pairs
}

// What a shard keeps when it is empty. It is enough if the picker fails and few RPCs are
// wait-for-ready: they come and go one by one.
const (
	minBuckets = 16
	maxFree    = 16
)

// hash spreads RPCs evenly, by the addresses of their Done channels.
func hash(rpc <-chan struct{}) uint64 {
	const golden = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio
	return uint64(reflect.ValueOf(rpc).Pointer()) * golden
}

// shardOf returns the number of the RPC's shard.
func shardOf(rpc <-chan struct{}) int { return int(hash(rpc) >> (64 - logShards)) }

// bucketLocked returns the RPC's bucket. There must be buckets.
func (s *shard) bucketLocked(rpc <-chan struct{}) **wait {
	return &s.buckets[hash(rpc)>>32&uint64(len(s.buckets)-1)]
}

// firstLocked returns one of the RPC's waits, or nil.
func (s *shard) firstLocked(rpc <-chan struct{}) *wait {
	if s.n == 0 {
		return nil
	}
	w := *s.bucketLocked(rpc)
	for w != nil && w.rpc != rpc {
		w = w.chain
	}
	return w
}

// nextLocked returns the RPC's wait after w, or nil.
func (s *shard) nextLocked(w *wait) *wait {
	next := w.chain
	for next != nil && next.rpc != w.rpc {
		next = next.chain
	}
	return next
}

// failFastLocked notes in all waits of the RPC that it is fail-fast.
func (s *shard) failFastLocked(rpc <-chan struct{}) {
	for w := s.firstLocked(rpc); w != nil; w = s.nextLocked(w) {
		w.failFast = true
	}
}

// addLocked adds a wait of the RPC, which has not begun.
func (s *shard) addLocked(rpc <-chan struct{}) *wait {
	if s.n >= len(s.buckets) {
		s.growLocked()
	}
	w := s.free
	if w != nil {
		s.free = w.chain
		s.numFree--
	} else {
		w = new(wait)
	}
	w.rpc, w.failFast = rpc, false
	bucket := s.bucketLocked(rpc)
	*bucket, w.chain = w, *bucket
	s.all.add(w, ofShard)
	s.n++
	return w
}

// removeLocked removes a wait that is finished and on no ring of an instance.
func (s *shard) removeLocked(w *wait) {
	at := s.bucketLocked(w.rpc)
	for *at != w {
		at = &(*at).chain
	}
	*at = w.chain
	s.all.remove(w, ofShard)
	if s.numFree < maxFree {
		w.rpc, w.instance, w.attempt = nil, nil, nil // so that it holds nothing in memory
		w.chain, s.free = s.free, w
		s.numFree++
	}
	if s.n--; s.n == 0 && len(s.buckets) > minBuckets {
		s.buckets = nil
	}
}

// growLocked doubles the number of buckets.
func (s *shard) growLocked() {
	s.buckets = make([]*wait, max(2*len(s.buckets), minBuckets))
	s.all.each(ofShard, func(w *wait) {
		bucket := s.bucketLocked(w.rpc)
		*bucket, w.chain = w, *bucket
	})
}
