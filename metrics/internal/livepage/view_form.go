package livepage

import (
	"cmp"
	"strconv"
	"strings"

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

func newFormView(q query) formView {
	f := formView{
		Q: strings.ToValidUTF8(q.filter, "\uFFFD"), Target: q.target, Policy: q.policy, MaxQuery: maxFilter,
		States: []option{{"", "all", q.state == ""}},
		Sorts:  []option{{"", "default", q.sort == ""}},
	}
	for _, s := range stateFilters {
		f.States = append(f.States, option{s.name, s.label, s.name == q.state})
	}
	for _, c := range columns {
		f.Sorts = append(f.Sorts, option{c.name, cmp.Or(c.by, c.label), c.name == q.sort})
	}
	f.Dirs = []option{
		{"", "default", q.dir == ""}, {ascending, "ascending", q.dir == ascending}, {descending, "descending", q.dir == descending},
	}
	current := strconv.Itoa(q.perPage)
	for _, n := range q.choices() {
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

func newPagesView(q query, matched int) pagesView {
	last := q.pages(matched)
	v := pagesView{Page: wording.Grouped(q.page), Pages: wording.Grouped(last), Many: last > 1, Behind: q.page > last}
	if q.page > 1 {
		v.First, v.Prev = q.toPage(1).link(), q.toPage(min(q.page-1, last)).link()
	}
	if q.page != last {
		v.Last = q.toPage(last).link()
	}
	if q.page < last {
		v.Next = q.toPage(q.page + 1).link()
	}
	return v
}
