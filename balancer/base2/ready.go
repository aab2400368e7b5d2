package base2

import (
	"slices"

	"google.golang.org/grpc/balancer"
)

// readyList holds the READY children, and where their picks go, in the order in
// which they became READY. Successive pickers share the second slice: a child
// that joins is appended, behind what they see. Only when children have left is
// it copied, once for all that have left since the last picker.
type readyList struct {
	children []*child           // nil for those that have left since the last picker
	conns    []balancer.SubConn // one for each of children
	left     int                // how many of children are nil
}

func (r *readyList) len() int { return len(r.children) - r.left }

func (r *readyList) add(c *child) {
	c.readyAt = len(r.children)
	r.children = append(r.children, c)
	r.conns = append(r.conns, c.picked)
}

// remove takes the child out. Its place is where it was added, or before: gaps
// have been closed since.
func (r *readyList) remove(c *child) {
	i := min(c.readyAt, len(r.children)-1)
	for r.children[i] != c {
		i--
	}
	r.children[i] = nil
	r.left++
	if r.len() == 0 {
		*r = readyList{} // no picker is asked for soon
	}
}

// compact closes the gaps, for the next picker. What is between two gaps is moved
// as a whole.
func (r *readyList) compact() {
	if r.left == 0 {
		return
	}
	children := r.children[:0]
	conns := make([]balancer.SubConn, 0, r.len()+32) // and room for some that come back
	for from := 0; from < len(r.children); {
		to := len(r.children)
		if gap := slices.Index(r.children[from:], nil); gap >= 0 {
			to = from + gap
		}
		children, conns = append(children, r.children[from:to]...), append(conns, r.conns[from:to]...)
		from = to + 1
	}
	clear(r.children[len(children):])
	*r = readyList{children: children, conns: conns}
}
