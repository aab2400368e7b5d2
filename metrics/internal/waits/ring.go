package waits

// A wait is in two rings at a time, with links for each.
const (
	ofShard    = iota // all waits of its shard
	ofInstance        // the waits of its shard and instance
	numRings
)

type links struct{ prev, next *wait }

// ring is a circular list of waits. It needs no memory of its own, so adding to it does
// not allocate. The zero value is empty.
type ring struct{ first *wait }

// add puts the wait before the first, which is the end of the list.
func (r *ring) add(w *wait, which int) {
	if r.first == nil {
		r.first, w.links[which] = w, links{prev: w, next: w}
		return
	}
	next := r.first
	prev := next.links[which].prev
	w.links[which] = links{prev: prev, next: next}
	prev.links[which].next, next.links[which].prev = w, w
}

func (r *ring) remove(w *wait, which int) {
	at := w.links[which]
	w.links[which] = links{}
	if at.next == w {
		r.first = nil
		return
	}
	at.prev.links[which].next, at.next.links[which].prev = at.next, at.prev
	if r.first == w {
		r.first = at.next
	}
}

// turn makes the second wait the first.
func (r *ring) turn(which int) { r.first = r.first.links[which].next }

// each calls f for each wait. f may remove this wait and no other.
func (r *ring) each(which int, f func(*wait)) {
	if r.first == nil {
		return
	}
	last := r.first.links[which].prev
	for w, more := r.first, true; more; {
		next := w.links[which].next
		more = w != last
		f(w)
		w = next
	}
}
