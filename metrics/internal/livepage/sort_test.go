package livepage_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

func TestPageSorts(t *testing.T) {
	t.Parallel()
	tests := []sortTest{
		{"backend", "a b c d", "a b c d", "d c b a"},
		{"target", "a b c d", "a b c d", "d c b a"},
		{"state", "b c a d", "b c a d", "d a c b"},
		{"since", "c b a d", "a b c d", "c b a d"}, // d has no state, and so no time
		{"picks", "a c d b", "b d c a", "a c d b"},
		{"in_flight", "c b a d", "a d b c", "c b a d"}, // a and d have none
		{"errors", "a c b d", "b d c a", "a c b d"},    // b and d have none
		{"attempts", "b c a d", "a d c b", "b c a d"},  // a and d have one that was successful
		{"last_error", "c b a d", "b c a d", "c b a d"},
	}
	minute := func(n int) time.Time { return hourAgo.Add(time.Duration(n) * time.Minute) }
	a := backend("a", ready, codes.OK, codes.OK, codes.OK, codes.Internal, codes.NotFound)
	a.Since, a.Connected = minute(4), 1
	b := refused("b", nil)
	b.Since, b.LastErrorAt = minute(8), minute(8)
	b.ConnectFailed, b.Picks, b.InFlight = 2, 1, 1
	c := backend("c", connecting, codes.Internal)
	c.Since, c.LastErrorAt = minute(11), minute(10)
	c.ConnectFailed, c.Picks, c.InFlight = 1, 3, 2
	d := gone(backend("d", ready, codes.OK, codes.OK))
	d.Connected = 1
	checkSorts(t, tests, d, a, b, c)
}

func TestPageSortsByWhatHappenedLately(t *testing.T) {
	t.Parallel()
	tests := []sortTest{
		{"rps", "b a c d", "d c a b", "b a c d"},
		{"success", "a b c d", "a b c d", "c b a d"}, // d has no window
		{"latency", "c a b d", "b a c d", "c a b d"},
		{"share", "a c b d", "b d c a", "a c b d"}, // b is not usable, and so has none, like d
	}
	a, b, c := picked("a", ready, 20), picked("b", failure, 30), picked("c", ready, 10)
	a.Recent, b.Recent = traffic(20, 5), traffic(30, 5)
	for i, b := range []*livestatus.Backend{&a, &b, &c} {
		b.Recent.Short.Latency.Mean = []time.Duration{2e6, 1e6, 3e6}[i]
	}
	checkSorts(t, tests, backend("d", ready), a, b, c)
}

// sortTest is a value of the parameter sort and the lists that it gives.
type sortTest struct{ sort, usual, ascending, descending string }

func checkSorts(t *testing.T, tests []sortTest, backends ...livestatus.Backend) {
	t.Helper()
	board := &board{}
	board.list("test:///t", "p", backends...)
	page := board.page()
	for _, tt := range tests {
		for dir, want := range map[string]string{"": tt.usual, "&dir=asc": tt.ascending, "&dir=desc": tt.descending} {
			query := "sort=" + tt.sort + dir
			if got := strings.Join(pagetest.JSON(t, page, query).Names(), " "); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
			checkHeading(t, page, tt.sort, query, want == tt.ascending && dir != "&dir=desc")
		}
	}
}

// The same order decides which state of several subchannels is the best.
func TestPageSortsStatesFromTheWorstToTheBest(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.list("test:///t", "p", gone(backend("none", ready)), backend("ready", ready), backend("idle", idle),
		backend("connecting", connecting), backend("failing", failure))
	const want = "failing idle connecting ready none"
	if got := strings.Join(pagetest.JSON(t, b.page(), "sort=state").Names(), " "); got != want {
		t.Errorf("sort=state: %s, want %s", got, want)
	}
}

// checkHeading checks the heading of the column by which the list is sorted, and
// that its link reverses the list.
func checkHeading(t *testing.T, page http.Handler, column, query string, ascending bool) {
	t.Helper()
	if column == "target" {
		column = "backend" // with one target they are the same
	}
	head := column
	if slices.Contains([]string{"picks", "errors", "attempts"}, column) {
		head = "totals"
	}
	html := pagetest.HTML(t, page, query)
	names := make([]string, 0, 4)
	for _, row := range pagetest.Rows(t, html, "list") {
		names = append(names, row[0])
	}
	if want := pagetest.JSON(t, page, query).Names(); !slices.Equal(names, want) {
		t.Errorf("%s: the page has %v, JSON %v", query, names, want)
	}
	for _, n := range html {
		switch got, isHeading := n.Attrs["aria-sort"], n.Tag == "th" && n.Attrs["scope"] == "col"; {
		case !isHeading:
		case n.Attrs["class"] == head && (got != "ascending" && got != "descending" || (got == "ascending") != ascending):
			t.Errorf("%s: aria-sort of %s is %q, ascending is %v", query, column, got, ascending)
		case n.Attrs["class"] != head && got != "":
			t.Errorf("%s: aria-sort of %s is %q, want it on %s only", query, n.Attrs["class"], got, head)
		}
	}
	link, _ := pagetest.Find(t, html, "id", "by-"+column)
	turned, _ := pagetest.Find(t, pagetest.HTML(t, page, link.Attrs["href"]), "aria-sort", map[bool]string{true: "descending", false: "ascending"}[ascending])
	if turned.Attrs["class"] != head {
		t.Errorf("%s: the link %s sorts by %s", query, link.Attrs["href"], turned.Attrs["class"])
	}
}
