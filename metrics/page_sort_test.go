package metrics_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestPageSorts(t *testing.T) {
	t.Parallel()
	tests := []struct{ sort, usual, ascending, descending string }{
		{"backend", "a b c d", "a b c d", "d c b a"},
		{"target", "a b c d", "a b c d", "d c b a"},
		{"state", "b c a d", "b c a d", "d a c b"},
		{"since", "c b a d", "a b c d", "c b a d"}, // d has no state, and so no time
		{"picks", "a c d b", "b d c a", "a c d b"},
		{"share", "a c d b", "b d c a", "a c d b"},
		{"in_flight", "c b a d", "a d b c", "c b a d"}, // a and d have none
		{"errors", "a c b d", "b d c a", "a c b d"},    // b and d have none
		{"attempts", "b c a d", "a d c b", "b c a d"},  // a and d have one that was successful
		{"last_error", "c b a d", "b c a d", "c b a d"},
	}
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithRetention(time.Hour))
		list(t, m, "test:///t", "p", func() { time.Sleep(time.Minute) },
			listed{name: "d", states: []connectivity.State{connecting, ready}, ends: []codes.Code{codes.OK, codes.OK}, gone: true},
			listed{name: "a", states: []connectivity.State{connecting, ready}, ends: []codes.Code{codes.OK, codes.OK, codes.OK, codes.Internal, codes.NotFound}},
			listed{name: "b", states: []connectivity.State{connecting, failure, connecting, failure}, open: 1},
			listed{name: "c", states: []connectivity.State{connecting, failure, connecting}, open: 2, ends: []codes.Code{codes.Internal}},
		)
		for _, tt := range tests {
			for dir, want := range map[string]string{"": tt.usual, "&dir=asc": tt.ascending, "&dir=desc": tt.descending} {
				query := "sort=" + tt.sort + dir
				if got := strings.Join(viewJSON(t, m, query).backends(), " "); got != want {
					t.Errorf("%s: %s, want %s", query, got, want)
				}
				checkHeading(t, m, tt.sort, query, want == tt.ascending && dir != "&dir=desc")
			}
		}
	})
}

// checkHeading checks the heading of the column that the list is sorted by, and
// that its link turns the list round.
func checkHeading(t *testing.T, m *metrics.Metrics, column, query string, ascending bool) {
	t.Helper()
	if column == "target" {
		column = "backend" // with one target they are the same, and so is the heading
	}
	page := view(t, m, query)
	names := make([]string, 0, 4)
	for _, row := range rows(t, page, "list") {
		names = append(names, row[0])
	}
	if want := viewJSON(t, m, query).backends(); !slices.Equal(names, want) {
		t.Errorf("%s: the page has %v, JSON %v", query, names, want)
	}
	for _, n := range page {
		switch got, isHeading := n.attrs["aria-sort"], n.tag == "th" && n.attrs["scope"] == "col"; {
		case !isHeading:
		case n.attrs["class"] == column && (got != "ascending" && got != "descending" || (got == "ascending") != ascending):
			t.Errorf("%s: aria-sort of %s is %q, ascending is %v", query, column, got, ascending)
		case n.attrs["class"] != column && got != "":
			t.Errorf("%s: aria-sort of %s is %q, want it on %s only", query, n.attrs["class"], got, column)
		}
	}
	link, _ := find(t, page, "id", "by-"+column)
	turned, _ := find(t, view(t, m, link.attrs["href"]), "aria-sort", map[bool]string{true: "descending", false: "ascending"}[ascending])
	if turned.attrs["class"] != column {
		t.Errorf("%s: the link %s sorts by %s", query, link.attrs["href"], turned.attrs["class"])
	}
}
