package base2

import "google.golang.org/grpc/connectivity"

// stateCounts counts children by their state.
type stateCounts [connectivity.Shutdown + 1]int

func (n *stateCounts) add(s connectivity.State)    { n[s]++ }
func (n *stateCounts) remove(s connectivity.State) { n[s]-- }

// aggregate returns the state of the whole.
func (n *stateCounts) aggregate() connectivity.State {
	for _, s := range []connectivity.State{connectivity.Ready, connectivity.Connecting, connectivity.Idle} {
		if n[s] > 0 {
			return s
		}
	}
	return connectivity.TransientFailure
}

// readySet holds the READY children in no particular order; adding and removing
// one takes constant time.
type readySet []*child

func (r *readySet) add(c *child) {
	c.readyAt = len(*r)
	*r = append(*r, c)
}

func (r *readySet) remove(c *child) {
	last := len(*r) - 1
	moved := (*r)[last]
	(*r)[c.readyAt] = moved
	moved.readyAt = c.readyAt
	(*r)[last] = nil
	*r = (*r)[:last]
}
