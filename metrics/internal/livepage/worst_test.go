package livepage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// ward is a target with a backend in each condition, among many that are well.
func ward() []livestatus.Backend {
	backends := even(40)
	with(backends, 9, downFor(time.Minute))
	with(backends, 1, downFor(time.Hour))
	with(backends, 2, isUnusable("unhealthy"))
	with(backends, 3, is(connecting))
	with(backends, 4, fails(10))
	with(backends, 5, fails(20))
	with(backends, 6, takes(time.Second))
	with(backends, 7, takes(2*time.Second))
	with(backends, 8, gets(0))
	with(backends, 10, gets(300))
	with(backends, 11, is(idle))
	with(backends, 12, is(noSubchannel))
	return backends
}

func TestTheWorstBackendsComeFirst(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.add("test:///t", "p", open(ward()...))
	want := map[int]string{
		0: "10.0.0.2 down", 1: "10.0.0.10 down", 2: "10.0.0.3 unusable", 3: "10.0.0.4 connecting",
		4: "10.0.0.6 erring", 5: "10.0.0.5 erring", 6: "10.0.0.8 slow", 7: "10.0.0.7 slow",
		8: "10.0.0.9 starved", 9: "10.0.0.11 crowded", 10: "10.0.0.1 ok", 11: "10.0.0.14 ok",
		37: "10.0.0.40 ok", 38: "10.0.0.12 idle", 39: "10.0.0.13 gone",
	}
	for query, got := range map[string]pagetest.Page{"": pagetest.JSON(t, b.page(), ""), "paged": pagetest.JSON(t, b.page(), "page=1&per_page=40")} {
		for i, want := range want {
			if got := got.Backends[i].Backend + " " + got.Backends[i].Condition; got != want {
				t.Errorf("%s: row %d is %s, want %s", query, i, got, want)
			}
		}
	}
	var notes []string
	for _, row := range pagetest.Rows(t, pagetest.HTML(t, b.page(), "per_page=11"), "list") {
		notes = append(notes, row[1])
	}
	shown := []string{
		"DOWN TRANSIENT_FAILURE, 3 attempts failed", "DOWN TRANSIENT_FAILURE, 3 attempts failed",
		"READY 0 of 1 usable: unhealthy 1m00s ago", "CONNECTING", "READY many errors", "READY many errors",
		"READY slow", "READY slow", "READY few picks", "READY many picks", "READY",
	}
	if !slices.Equal(notes, shown) {
		t.Errorf("states %q, want %q", notes, shown)
	}
}

// Each page of a sorted list follows the one before, whatever the order of the
// source.
func TestPagesOfTheWorstFollowOneAnother(t *testing.T) {
	t.Parallel()
	for _, sort := range []string{"", "sort=backend&dir=desc", "sort=rps"} {
		backends := ward()
		b := &board{}
		b.add("test:///t", "p", open(backends...))
		want := pagetest.JSON(t, b.page(), sort).Names()
		for range 5 {
			rand.Shuffle(len(backends), func(i, j int) { backends[i], backends[j] = backends[j], backends[i] })
			for _, size := range []int{1, 3, 7, 39, 40} {
				var got []string
				for page := range (len(backends) + size - 1) / size {
					got = append(got, pagetest.JSON(t, b.page(), fmt.Sprintf("%s&per_page=%d&page=%d", sort, size, page+1)).Names()...)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s, %d per page: %v, want %v", sort, size, got, want)
				}
			}
		}
	}
}

// "38 of 40" is a link to the two.
func TestUsableOfAllLinksToTheRest(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.add("test:///t", "p", open(ward()...))
	b.add("test:///other", "p", open(even(3)...))
	html := pagetest.HTML(t, b.page(), "q=nothing&sort=picks&per_page=25")
	i := slices.IndexFunc(html, func(n pagetest.Node) bool { return n.Text == "34 of 39" })
	if i < 0 || html[i-1].Tag != "a" {
		t.Fatalf("there is no link 34 of 39: %s", pagetest.TextOf(html))
	}
	got := pagetest.JSON(t, b.page(), strings.TrimPrefix(html[i-1].Attrs["href"], "?")).Names()
	slices.SortFunc(got, wording.CompareNatural)
	if want := strings.Fields("10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.10 10.0.0.12"); !slices.Equal(got, want) {
		t.Errorf("the link leads to %v, want %v", got, want)
	}
	if slices.ContainsFunc(html, func(n pagetest.Node) bool {
		return n.Tag == "a" && strings.Contains(n.Attrs["href"], "other&policy=p&state")
	}) {
		t.Error("the usable backends of a target link to others though there are none")
	}
}

// What chance does to a healthy backend is not worth a word.
func TestChanceIsNotTrouble(t *testing.T) {
	t.Parallel()
	estimated := func(mean time.Duration) func(*livestatus.Backend) {
		return func(b *livestatus.Backend) {
			b.Recent.Short = livestatus.Window{Span: 10 * time.Second, Picks: 10, Ended: 10, Latency: livestatus.Latency{Mean: mean, Estimated: true}}
			b.Recent.Long = b.Recent.Short
		}
	}
	few := func(ended, failed uint64) func(*livestatus.Backend) {
		return func(b *livestatus.Backend) {
			b.Recent.Short = livestatus.Window{Span: 10 * time.Second, Picks: ended, Ended: ended, Failed: failed}
			b.Recent.Long = b.Recent.Short
		}
	}
	ended := func(ended, failed uint64) func(*livestatus.Backend) {
		return func(b *livestatus.Backend) {
			b.Recent.Short.Ended, b.Recent.Short.Failed = ended, failed
			b.Recent.Long.Ended, b.Recent.Long.Failed = ended, failed
		}
	}
	tests := map[string][]livestatus.Backend{
		"two RPCs of two failed":             with(even(3), 1, ended(2, 2)),
		"4 % failed":                         with(even(3), 1, fails(2)),
		"no RPC of the first 3 reached it":   with(with(with(even(3), 0, few(2, 0)), 1, few(1, 0)), 2, few(0, 0)),
		"a few more in flight at a low rate": with(with(with(even(3), 0, estimated(time.Millisecond)), 1, estimated(time.Millisecond)), 2, estimated(2*time.Second)),
		"twice as slow":                      with(even(3), 1, takes(24*time.Millisecond)),
		"one RPC of many was slow": with(even(3), 1, func(b *livestatus.Backend) {
			takes(100 * time.Millisecond)(b) // on average, but not at the 95th percentile
			b.Recent.Short.Latency.P95, b.Recent.Long.Latency.P95 = 14*time.Millisecond, 14*time.Millisecond
		}),
		"slower by a hair":            with(with(with(even(3), 0, takes(time.Millisecond)), 1, takes(time.Millisecond)), 2, takes(5*time.Millisecond)),
		"the only one with a latency": with(with(even(3), 1, takes(0)), 2, takes(0)),
	}
	for what, backends := range tests {
		b := &board{}
		b.add("test:///t", "p", open(backends...))
		for _, got := range pagetest.JSON(t, b.page(), "").Backends {
			if got.Condition != "ok" {
				t.Errorf("%s: %s is %s", what, got.Backend, got.Condition)
			}
		}
	}
}
