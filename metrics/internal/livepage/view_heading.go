package livepage

import (
	"slices"

	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
)

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
func newHeadings(q selection.Query, mixed bool) []heading {
	by := q.Column()
	if !mixed && by.Name == "target" {
		by = selection.Columns[slices.IndexFunc(selection.Columns, func(c selection.Column) bool { return c.Name == "backend" })] // the same order
	}
	var all []heading
	for _, c := range selection.Columns {
		if c.Head == "" || c.Name == "target" && !mixed {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Name != c.Head {
			all = append(all, heading{Name: c.Head})
		}
		h, on := &all[len(all)-1], c.Name == by.Name
		h.Links = append(h.Links, sortLink{Name: c.Name, Label: c.Label, By: c.By, URL: q.SortedBy(c, on).Link(), On: on})
		if on {
			h.Sort = q.Direction(c) + "ending"
		}
	}
	return all
}
