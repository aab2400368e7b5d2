package base2

import (
	"cmp"
	"slices"

	"google.golang.org/grpc/balancer"
)

// readyList holds where the picks of the READY children go, in the order of the
// children's places. A child gets its place when it is READY for the first time,
// the last one so far, and keeps it for as long as it lives: an endpoint that
// loses its connection again and again does not lose its turn with it.
//
// Successive pickers share the slices. A child that is new is appended, behind
// what they see. Only when children have left or come back are the slices made
// anew, once for all that did since the last picker. The other children are not
// looked at then, since in a large channel each look is a cache miss.
type readyList struct {
	conns     []balancer.SubConn
	places    []int    // one for each of conns
	changed   []*child // have left or come back since the last picker, once each
	ready     int      // how many children are READY
	lastPlace int      // that was given
}

func (r *readyList) len() int { return r.ready }

// add takes in a child that has become READY.
func (r *readyList) add(c *child) {
	r.ready++
	if c.place > 0 {
		r.change(c)
		return
	}
	r.lastPlace++
	c.place = r.lastPlace
	r.conns = append(r.conns, c.conn.SubConn)
	r.places = append(r.places, c.place)
}

// remove takes out a child that is READY no longer, with the next picker.
func (r *readyList) remove(c *child) {
	r.ready--
	r.change(c)
}

func (r *readyList) change(c *child) {
	if !c.changed {
		c.changed = true
		r.changed = append(r.changed, c)
	}
}

// refresh brings the slices up to date, for the next picker. What is between two
// children that have changed is copied as a whole.
func (r *readyList) refresh() {
	if len(r.changed) == 0 {
		return
	}
	slices.SortFunc(r.changed, func(a, b *child) int { return cmp.Compare(a.place, b.place) })
	conns, places := make([]balancer.SubConn, 0, r.ready), make([]int, 0, r.ready)
	from := 0
	for _, c := range r.changed {
		to, listed := slices.BinarySearch(r.places, c.place)
		conns, places = append(conns, r.conns[from:to]...), append(places, r.places[from:to]...)
		if from = to; listed {
			from++
		}
		if c.conn != nil {
			conns, places = append(conns, c.conn.SubConn), append(places, c.place)
		}
		c.changed = false
	}
	r.conns, r.places = append(conns, r.conns[from:]...), append(places, r.places[from:]...)
	r.changed = nil
}
