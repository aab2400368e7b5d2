package record_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// Go allocates 160 bytes for it; the next size is 176.
func TestABackendsRecordTakesAtMost160Bytes(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(record.Backend{}); size > 160 {
		t.Errorf("a backend's record takes %d bytes, want at most 160", size)
	}
}

// Go allocates 2,048 bytes for them; the next size is 2,304.
func TestABackendsDurationsTakeAtMost2048Bytes(t *testing.T) {
	t.Parallel()
	if record.DurationsSize > 2048 {
		t.Errorf("a backend's durations take %d bytes, want at most 2,048", record.DurationsSize)
	}
}

// Not parallel: it looks at the heap. The record takes 288 bytes, its Counts 16 and its
// place in the table some 45. Its label pairs, of 96 bytes, are made in each scrape.
func TestABackendTakesAtMost390Bytes(t *testing.T) {
	const n = 10_000
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	s, target, _ := open(0)
	before := heapSize()
	for _, name := range names {
		s.Acquire(target, record.ID{Name: name})
	}
	if _, err := s.Gather(); err != nil {
		t.Fatal(err)
	}
	if got := (heapSize() - before) / n; got > 390 {
		t.Errorf("%d bytes per backend, want at most 390", got)
	}
	runtime.KeepAlive(s)
}

// Not parallel: it looks at the heap. However many RPCs are measured, and however much
// their durations differ, a backend takes no more.
func TestLatencyTakes2048BytesPerBackend(t *testing.T) {
	const n = 1000
	s, target, _ := open(0)
	backends := make([]*record.Backend, n)
	for i := range backends {
		backends[i] = s.Acquire(target, record.ID{Name: strconv.Itoa(i)})
	}
	before := heapSize()
	for _, b := range backends {
		for d := time.Microsecond; d < time.Hour; d += d/20 + 1 {
			if err := b.ObserveRPC(d, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := (heapSize() - before) / n; got > 2056 {
		t.Errorf("%d bytes more per backend with latency, want at most 2,048", got)
	}
	runtime.KeepAlive(backends)
}

// heapSize returns the size in bytes of what is reachable on the heap.
func heapSize() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // a sync.Pool keeps objects over one collection
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// tableRoom returns the size in bytes of a table with n entries, and its size after
// all but left of them have been deleted, one by one or together. Nothing else must
// allocate meanwhile.
func tableRoom(n, left int, oneByOne bool) (full, after int) {
	var t record.Table
	before := heapSize()
	for i := range n {
		t.Put(i, i)
	}
	full = heapSize() - before
	if oneByOne {
		for i := left; i < n; i++ {
			t.Delete(i)
		}
	} else {
		t.DeleteFunc(func(i int) bool { return i >= left })
	}
	after = heapSize() - before
	runtime.KeepAlive(&t)
	return full, after
}

// Not parallel: it looks at the heap.
func TestTablesGiveMemoryBack(t *testing.T) {
	for _, oneByOne := range []bool{false, true} {
		full, after := tableRoom(1<<18, 100, oneByOne)
		if full < 2<<20 {
			t.Errorf("the full table takes %d bytes, too few for a meaningful test", full)
		}
		if after > full/50 {
			t.Errorf("one by one %v: of %d bytes %d are kept for 100 entries", oneByOne, full, after)
		}
	}
}
