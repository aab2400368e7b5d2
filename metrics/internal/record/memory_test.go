package record_test

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// Go allocates 288 bytes for it; the next size is 320.
func TestABackendsRecordTakesAtMost288Bytes(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(record.Backend{}); size > 288 {
		t.Errorf("a backend's record takes %d bytes, want at most 288", size)
	}
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
