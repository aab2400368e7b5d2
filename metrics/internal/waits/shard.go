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

// shard has some of the RPCs. RPCs are spread over the shards by their Done channels.
type shard struct {
	// mu guards the fields below, the waits on them and the instances' rings of this
	// shard. Only methods of Target are called under it, and Err and Deadline of
	// contexts that have ended.
	mu   sync.Mutex
	rpcs map[<-chan struct{}]*wait // the first wait of each RPC, by its Done channel
	most int                       // the highest number of RPCs since the map was made
	all  ring

	_ [128 - 32]byte // two cache lines: processors fetch them in pairs
}

// shardOf returns the number of the RPC's shard.
func shardOf(rpc <-chan struct{}) int {
	const golden = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio spreads addresses evenly
	return int(uint64(reflect.ValueOf(rpc).Pointer()) * golden >> (64 - logShards))
}

// keepMap is how many RPCs a map may have held and still be kept when it is empty: Go's
// maps do not shrink.
const keepMap = 128

var pool = sync.Pool{New: func() any { return new(wait) }}

// addLocked adds a wait, which begins with the refusal, to those of the RPC. first is
// the first of them, or nil.
func (l *List) addLocked(n int, first *wait, rpc <-chan struct{}) *wait {
	s := &l.shards[n]
	w := pool.Get().(*wait) //nolint:errcheck,forcetypeassert // it has nothing else
	w.rpc = rpc
	if first != nil {
		w.failFast = first.failFast
		w.sameRPC, first.sameRPC = first.sameRPC, w
	} else {
		if s.rpcs == nil {
			s.rpcs = make(map[<-chan struct{}]*wait)
		}
		s.rpcs[rpc] = w
		s.most = max(s.most, len(s.rpcs))
		l.n.Add(1)
	}
	s.all.add(w, ofShard)
	return w
}

// removeLocked takes a wait that is finished off the list, and the RPC with its last.
func (l *List) removeLocked(n int, w *wait) {
	s := &l.shards[n]
	switch first := s.rpcs[w.rpc]; {
	case first != w:
		for first.sameRPC != w {
			first = first.sameRPC
		}
		first.sameRPC = w.sameRPC
	case w.sameRPC != nil:
		s.rpcs[w.rpc] = w.sameRPC
	default:
		delete(s.rpcs, w.rpc)
		if len(s.rpcs) == 0 && s.most > keepMap {
			s.rpcs, s.most = nil, 0
		}
		l.n.Add(-1)
	}
	s.all.remove(w, ofShard)
	w.instance.waits[n].remove(w, ofInstance)
	*w = wait{} // so that it holds no policy in memory
	pool.Put(w)
}
