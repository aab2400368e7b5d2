package metrics_test

import (
	"math/rand/v2"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Few names and short lists, so that names repeat and lists share their ends.
func TestWhatCameAndWentIsTheDifferenceOfTheLists(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		updates := make([][]string, 4)
		for i := range updates {
			for range r.IntN(6) {
				updates[i] = append(updates[i], string(rune('a'+r.IntN(3))))
			}
		}
		count := make(map[string]int)
		for i, got := range metrics.EndpointUpdates(updates...) {
			next := make(map[string]int)
			for _, name := range updates[i] {
				next[name]++
			}
			var want [2]int
			for _, name := range []string{"a", "b", "c"} {
				want[0] += max(next[name]-count[name], 0)
				want[1] += max(count[name]-next[name], 0)
			}
			if got != want {
				t.Fatalf("updates %q: number %d changed %v, want %v", updates, i, got, want)
			}
			count = next
		}
	}
}
