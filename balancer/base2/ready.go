package base2

import (
	"cmp"
	"slices"

	"google.golang.org/grpc/balancer"
)

// readyList holds the READY children, and where their picks go, in the order of
// their places. A child gets its place when it is READY for the first time, the
// last one so far, and keeps it for as long as it lives: an endpoint that loses
// its connection again and again does not lose its turn with it.
//
// Successive pickers share conns and places. A child that is new is appended,
// behind what they see. Only when children have left or come back are the slices
// made anew, once for all that did since the last picker.
type readyList struct {
	members   []*child           // by place; with those that have left since the last picker
	conns     []balancer.SubConn // one for each of members
	places    []int              // one for each of members
	back      []*child           // have come back since the last picker, in any order
	ready     int                // how many of members and back are READY
	stale     bool               // a child has left or come back since the last picker
	lastPlace int                // that was given
}

func (r *readyList) len() int { return r.ready }

// add takes in a child that has become READY. It may be listed still, if it was
// READY when the last picker was made.
func (r *readyList) add(c *child) {
	r.ready++
	switch {
	case c.place == 0:
		r.lastPlace++
		c.place, c.listed = r.lastPlace, true
		r.members = append(r.members, c)
		r.conns = append(r.conns, c.picked.SubConn)
		r.places = append(r.places, c.place)
	case !c.listed:
		c.listed = true
		r.back = append(r.back, c)
		r.stale = true
	}
}

// remove takes out a child that is READY no longer. It stays among the members
// until the next picker.
func (r *readyList) remove() {
	r.ready--
	r.stale = true
}

// refresh brings the list up to date, for the next picker.
func (r *readyList) refresh() {
	if !r.stale {
		return
	}
	stayed, back := slices.DeleteFunc(r.members, notReady), slices.DeleteFunc(r.back, notReady)
	r.members = mergeByPlace(stayed, back)
	r.conns = make([]balancer.SubConn, len(r.members))
	r.places = make([]int, len(r.members))
	for i, c := range r.members {
		r.conns[i], r.places[i] = c.picked.SubConn, c.place
	}
	r.back, r.stale = nil, false
}

// notReady tells whether the child leaves the list.
func notReady(c *child) bool {
	c.listed = c.picked != nil
	return !c.listed
}

// mergeByPlace adds a few children, in any order, to many that are in the order
// of their places.
func mergeByPlace(many, few []*child) []*child {
	slices.SortFunc(few, func(a, b *child) int { return cmp.Compare(a.place, b.place) })
	i, end := len(many), len(many)+len(few)
	many = append(many, few...)
	for k := len(few); k > 0; {
		end--
		if i > 0 && many[i-1].place > few[k-1].place {
			i--
			many[end] = many[i]
		} else {
			k--
			many[end] = few[k]
		}
	}
	return many
}
