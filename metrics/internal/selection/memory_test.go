package selection_test

import (
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
)

// list returns a snapshot of a target with the backends.
func list(backends []livestatus.Backend) livestatus.Snapshot {
	target := livestatus.Target{
		Key:  livestatus.Key{Target: "test:///t", Policy: "p"},
		Read: func() livestatus.Status { return statustest.Open(backends...) },
	}
	return livestatus.Snapshot{Time: statustest.Now, Targets: []livestatus.Target{target}}
}

// Not parallel: it measures allocations.
func TestLaterPagesReuseTheMemory(t *testing.T) {
	q, err := selection.Parse("")
	if err != nil {
		t.Fatal(err)
	}
	backends := statustest.Even(1000)
	page := func() {
		p, err := selection.New(t.Context(), q, list(backends))
		if err != nil {
			t.Fatal(err)
		}
		p.Release()
	}
	page()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const n = 100
	for range n {
		page()
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) / n; got > 5000 {
		t.Errorf("a page of 1,000 backends takes %d bytes, want at most 5,000", got)
	}
}

// Pools may keep the memory of a page, but not what it was about.
func TestAReleasedPageHoldsNoBackend(t *testing.T) {
	t.Parallel()
	q, err := selection.Parse("")
	if err != nil {
		t.Fatal(err)
	}
	var held weak.Pointer[livestatus.Backend]
	func() {
		backends := slices.Clone(statustest.Even(10))
		held = weak.Make(&backends[0])
		p, err := selection.New(t.Context(), q, list(backends))
		if err != nil {
			t.Fatal(err)
		}
		p.Release()
	}()
	runtime.GC()
	if held.Value() != nil {
		t.Error("a released page holds its backends in memory")
	}
}
