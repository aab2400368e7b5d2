package comparison_test

import (
	"math"
	"testing"
)

func TestEveryVariantUsesAllServersAndCountsItsRPCs(t *testing.T) {
	t.Parallel()
	const turns = 10
	for _, c := range newFixture(t).channels {
		for addr, n := range c.shares(t.Context(), t, turns*servers) {
			if n != turns {
				t.Errorf("%s: %s got %d of %d RPCs, want %d", c.name, addr, n, turns*servers, turns)
			}
		}
		if err := c.send(t.Context(), 4, turns); err != nil {
			t.Error(err)
		}
		c.wantCounted(t)
	}
}

// TestMeteringDoesNotAllocate counts what whole RPCs allocate, on both sides.
// That is about a hundred times per RPC, but not quite as often in each: frames
// that meet in a buffer need no other, and a pool may be found empty. In 1,000
// RPCs that makes a few hundredths per RPC, of which the median leaves about
// one; the second bare channel shows it. An allocation more in each RPC would
// be a whole one, and would be seen if it were in every tenth only.
//
// Not parallel: it looks at the whole process.
func TestMeteringDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	const runs, tolerance = 15, 0.1
	f := newFixture(t)
	added := make([][]float64, len(variants))
	for range runs {
		allocs, _ := f.allocations(t, 1)
		for i := range variants {
			added[i] = append(added[i], allocs[i]-allocs[bare])
		}
	}
	for _, i := range []int{bareAgain, metered} {
		if n := median(added[i]); math.Abs(n) > tolerance {
			t.Errorf("%s adds %.3f allocations per RPC to %s, want 0", variants[i].name, n, variants[bare].name)
		}
	}
	if n := median(added[counters]); n < 1 {
		t.Errorf("%s adds %.3f allocations per RPC, want those it is known for: they are not counted rightly", variants[counters].name, n)
	}
}
