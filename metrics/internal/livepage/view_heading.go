package livepage

import "slices"

// heading is the heading of a column, with links that sort the list by what the
// column shows.
type heading struct {
	Name  string
	Sort  string // the value of aria-sort; "" if the list is not sorted by it
	Links []sortLink
}

type sortLink struct {
	Name, Label string
	By          string // the value to sort by, in words; "" if the label says it
	URL         string
	On          bool // the list is sorted by it
}

// newHeadings returns the headings. Only if the list has several targets, it can be
// sorted by target.
func newHeadings(q query, mixed bool) []heading {
	by := q.column()
	if !mixed && by.name == "target" {
		by = columns[slices.IndexFunc(columns, func(c column) bool { return c.name == "backend" })] // the same order
	}
	var all []heading
	for _, c := range columns {
		if c.head == "" || c.name == "target" && !mixed {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Name != c.head {
			all = append(all, heading{Name: c.head})
		}
		h, on := &all[len(all)-1], c.name == by.name
		h.Links = append(h.Links, sortLink{Name: c.name, Label: c.label, By: c.by, URL: q.sortedBy(c, on).link(), On: on})
		if on {
			h.Sort = q.direction(c) + "ending"
		}
	}
	return all
}
