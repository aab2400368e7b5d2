package base2

import (
	"cmp"
	"slices"
)

// readyList holds the SubConns of the READY children, in the order of the children's
// places. A child gets the next place when it is READY for the first time, and
// keeps it until it is closed. So an endpoint that often loses its connection does
// not lose its turn.
//
// Successive pickers share the slice. A new child is appended, beyond the length
// that earlier pickers see. If children have left or come back since the last
// picker, the slice is copied, once for all these changes. The copy does not look
// at the other children: in a large channel each look would be a cache miss.
type readyList[S any] struct {
	entries   []Ready[S]
	changed   []*child[S] // those that left or came back since the last picker, once each
	ready     int         // number of READY children
	lastPlace int         // the highest place given so far
}

func (r *readyList[S]) len() int { return r.ready }

// add takes in a child that became READY.
func (r *readyList[S]) add(c *child[S]) {
	r.ready++
	if c.endpoint.Place > 0 {
		r.change(c)
		return
	}
	r.lastPlace++
	c.endpoint.Place = r.lastPlace
	r.entries = append(r.entries, c.readyEntry())
}

// remove takes out a child that is no longer READY; refresh updates the slice.
func (r *readyList[S]) remove(c *child[S]) {
	r.ready--
	r.change(c)
}

func (r *readyList[S]) change(c *child[S]) {
	if !c.changed {
		c.changed = true
		r.changed = append(r.changed, c)
	}
}

// refresh updates the slice for the next picker. It copies the runs between the
// changed children.
func (r *readyList[S]) refresh() {
	if len(r.changed) == 0 {
		return
	}
	slices.SortFunc(r.changed, func(a, b *child[S]) int { return cmp.Compare(a.endpoint.Place, b.endpoint.Place) })
	entries := make([]Ready[S], 0, r.ready)
	from := 0
	for _, c := range r.changed {
		to, listed := slices.BinarySearchFunc(r.entries, c.endpoint.Place, comparePlace[S])
		entries = append(entries, r.entries[from:to]...)
		if from = to; listed {
			from++
		}
		if c.conn != nil {
			entries = append(entries, c.readyEntry())
		}
		c.changed = false
	}
	r.entries = append(entries, r.entries[from:]...)
	r.changed = nil
}

func comparePlace[S any](r Ready[S], place int) int { return cmp.Compare(r.Endpoint.Place, place) }

func (c *child[S]) readyEntry() Ready[S] {
	return Ready[S]{SubConn: c.conn.SubConn, Endpoint: &c.endpoint}
}
