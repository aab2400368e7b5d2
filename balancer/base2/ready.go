package base2

import (
	"cmp"
	"slices"

	"google.golang.org/grpc/balancer"
)

// readyList holds the SubConns of the READY children, in the order of the children's
// places. A child gets the next place when it is READY for the first time, and
// keeps it until it is closed. So an endpoint that often loses its connection does
// not lose its turn.
//
// Successive pickers share the slices. A new child is appended, beyond the length
// that earlier pickers see. If children have left or come back since the last
// picker, the slices are copied, once for all these changes. The copy does not look
// at the other children: in a large channel each look would be a cache miss.
type readyList struct {
	conns     []balancer.SubConn
	places    []int    // of conns
	changed   []*child // those that left or came back since the last picker, once each
	ready     int      // number of READY children
	lastPlace int      // the highest place given so far
}

func (r *readyList) len() int { return r.ready }

// add takes in a child that became READY.
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

// remove takes out a child that is no longer READY; refresh updates the slices.
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

// refresh updates the slices for the next picker. It copies the runs between the
// changed children.
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
