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
		c.checkCounts(t)
	}
}

// TestMeteringDoesNotAllocate counts the allocations of whole RPCs, of client and
// server. There are about a hundred per RPC, but the number varies a little: frames
// may share a buffer, and a pool may be empty. Over 1,000 RPCs the difference is a few
// hundredths per RPC. The median reduces it to about one hundredth, as the second bare
// channel shows. So the test would see one more allocation in every tenth RPC.
//
// It is not parallel because it measures the whole process.
func TestMeteringDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	const runs, tolerance = 9, 0.1
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
		t.Errorf("%s adds %.3f allocations per RPC, want the known number: the count is wrong", variants[counters].name, n)
	}
}
