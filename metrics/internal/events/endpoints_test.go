package events_test

import (
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
)

// changes takes updates of endpoints with these names. It returns how many each says
// have come and gone; none for an update that changes nothing.
func changes(updates ...[]string) (all [][2]int) {
	var h events.ResolverHistory
	for _, names := range updates {
		var s resolver.State
		for _, name := range names {
			s.Endpoints = append(s.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: name}}})
		}
		var change [2]int
		if c := h.Updated(&s); c != nil {
			var ring events.Ring
			ring.Add((&events.News{Change: c}).At(0))
			shown := ring.Page(clock.Moment{})[0]
			change = [2]int{shown.AddedCount, shown.RemovedCount}
		}
		all = append(all, change)
	}
	return all
}

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
		for i, got := range changes(updates...) {
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
