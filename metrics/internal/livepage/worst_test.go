package livepage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

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
