package record_test

import (
	"strconv"
	"testing"
	"unsafe"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// place is the number of the block that holds the counts, and of the last one, if
// memory is divided in blocks of the size.
func place(b *record.Backend, size uintptr) (first, last uintptr) {
	at := uintptr(unsafe.Pointer(b.Counts()))
	return at / size, (at + unsafe.Sizeof(*b.Counts()) - 1) / size
}

func acquire(t testing.TB, n int) []*record.Backend {
	t.Helper()
	s, target, _ := open(0)
	names := make([]string, n) // made first, so that no name comes to lie between counts
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	backends := make([]*record.Backend, n)
	for i, name := range names {
		backends[i] = s.Acquire(target, record.ID{Name: name})
	}
	return backends
}

// Cores that count in the same pair of cache lines make each other slower.
func TestTheCountsOfFewBackendsLieApart(t *testing.T) {
	t.Parallel()
	const pair = 128
	owner := map[uintptr]int{}
	for i, b := range acquire(t, 64) {
		first, last := place(b, pair)
		if other, shared := owner[first]; shared || first != last {
			t.Errorf("the counts of backend %d lie in the blocks %d to %d of %d bytes, with those of backend %d", i, first, last, pair, other)
		}
		owner[first] = i
	}
}

// Among thousands, more cache lines mean more of them that are not in the cache. Not
// parallel: what other tests allocate would come to lie between the counts.
func TestTheCountsOfManyBackendsLieCloseTogether(t *testing.T) {
	const n, line = 10_000, 64
	lines := map[uintptr]bool{}
	for _, b := range acquire(t, n) {
		first, last := place(b, line)
		lines[first], lines[last] = true, true
	}
	// Four in a line, but for the first 64. The rest is for the ends of what Go allocates at once.
	if most := n/4 + 64 + n/50; len(lines) > most {
		t.Errorf("the counts of %d backends lie in %d cache lines, want at most %d", n, len(lines), most)
	}
}
