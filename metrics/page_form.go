package metrics

import (
	"cmp"
	"strconv"
	"strings"
)

// formView is the form that filters.
type formView struct {
	Q, Target, Policy            string
	MaxQuery                     int
	States, Sorts, Dirs, PerPage []option
}

type option struct {
	Value, Label string
	Selected     bool
}

func newFormView(q pageQuery) formView {
	f := formView{
		Q: strings.ToValidUTF8(q.q, "\uFFFD"), Target: q.target, Policy: q.policy, MaxQuery: maxQueryLength,
		States: []option{{"", "all", q.state == ""}},
		Sorts:  []option{{"", "default", q.sort == ""}},
	}
	for _, s := range stateFilters {
		label := map[string]string{notReady: "not READY", noState: "no subchannel"}[s]
		if label == "" {
			label = s
		}
		f.States = append(f.States, option{s, label, s == q.state})
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

// heading is one of a column, with links that sort by what is in it.
type heading struct {
	Name  string
	Sort  string // the value of aria-sort; "" if the list is not sorted by it
	Links []sortLink
}

type sortLink struct {
	Name, Label string
	By          string // in words; "" if the label says it
	URL         string
	On          bool // the list is sorted by it
}

// newHeadings leaves the target out where there is but one. Where there are
// several it is in the column of the backend.
func newHeadings(q pageQuery, mixed bool) []heading {
	by := q.column()
	if !mixed && by.name == "target" {
		by = columns[0] // the same order
	}
	var all []heading
	for _, c := range columns {
		if c.name == "target" && !mixed {
			continue
		}
		on := c.name == by.name
		link := sortLink{Name: c.name, Label: c.label, By: c.by, URL: q.sorted(c, on).link(), On: on}
		if c.name == "target" {
			all[0].Links = append(all[0].Links, link)
		} else {
			all = append(all, heading{Name: c.name, Links: []sortLink{link}})
		}
		if on {
			all[len(all)-1].Sort = q.direction(c) + "ending"
		}
	}
	return all
}

// pagesView is where in the list the page is. Links that lead nowhere are "".
type pagesView struct {
	Page, Pages             string
	Many, Behind            bool // more than one; the page is none of them
	First, Prev, Next, Last string
}

func newPagesView(q pageQuery, matched int) pagesView {
	last := q.pages(matched)
	v := pagesView{Page: grouped(q.page), Pages: grouped(last), Many: last > 1, Behind: q.page > last}
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
