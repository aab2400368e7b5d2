package livepage

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// formView is the form above the list.
type formView struct {
	Q, Target, Policy            string
	MaxQuery                     int
	States, Sorts, Dirs, PerPage []option
}

type option struct {
	Value, Label string
	Selected     bool
}

func newFormView(q selection.Query) formView {
	f := formView{
		Q: strings.ToValidUTF8(q.Filter, "\uFFFD"), Target: q.Target, Policy: q.Policy, MaxQuery: selection.MaxFilter,
		States: []option{{"", "all", q.State == ""}},
		Sorts:  []option{{"", "default", q.Sort == ""}},
	}
	for _, s := range selection.Filters {
		f.States = append(f.States, option{s.Name, s.Label, s.Name == q.State})
	}
	for _, c := range selection.Columns {
		f.Sorts = append(f.Sorts, option{c.Name, cmp.Or(c.By, c.Label), c.Name == q.Sort})
	}
	f.Dirs = []option{
		{"", "default", q.Dir == ""}, {selection.Ascending, "ascending", q.Dir == selection.Ascending}, {selection.Descending, "descending", q.Dir == selection.Descending},
	}
	current := strconv.Itoa(q.PerPage)
	for _, n := range q.Choices() {
		f.PerPage = append(f.PerPage, option{n, n, n == current})
	}
	return f
}

// pagesView is the position of the page in the list, with links to other pages.
// A link is "" if there is no such page.
type pagesView struct {
	Page, Pages             string
	Many, Behind            bool // there are several pages; this one is after the last
	First, Prev, Next, Last string
}

func newPagesView(q selection.Query, matched int) pagesView {
	last := q.Pages(matched)
	v := pagesView{Page: wording.Grouped(q.Page), Pages: wording.Grouped(last), Many: last > 1, Behind: q.Page > last}
	if q.Page > 1 {
		v.First, v.Prev = q.ToPage(1).Link(), q.ToPage(min(q.Page-1, last)).Link()
	}
	if q.Page != last {
		v.Last = q.ToPage(last).Link()
	}
	if q.Page < last {
		v.Next = q.ToPage(q.Page + 1).Link()
	}
	return v
}
