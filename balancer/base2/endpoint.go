package base2

// Endpoint is an endpoint of a channel. It lives, and keeps its address in memory, for
// as long as the resolver lists the endpoint: with the same Addr fields in any order,
// whatever its attributes are. Its methods may be called from any goroutine at any
// time.
type Endpoint[S any] struct {
	// Data belongs to the policy, which may keep there what it counts or learns about
	// the endpoint. It begins as the zero S. Picks run at the same time as NewPicker and
	// each other: S must allow for that, for example by atomics.
	Data S

	// Place is 1 for the endpoint that was the first to be READY, 2 for the next one, and
	// so on. An endpoint keeps its place, READY or not, for as long as the resolver lists
	// it. The place is 0 before the endpoint is READY for the first time. It must not be
	// changed, and may be read only while NewPicker runs, or of an endpoint that was in a
	// View.Ready.
	Place int

	child *child[S]
}

// Connect has the endpoint leave IDLE soon. It returns at once. In other states, and
// after the resolver has dropped the endpoint, it has no effect.
func (e *Endpoint[S]) Connect() { e.child.parent.askFor(e.child, connect) }

// Disconnect has the endpoint return to IDLE soon. It returns at once. The connection
// is shut down when a picker without it has been published; RPCs that have begun on it
// go on. The endpoint stays IDLE until Connect is called.
func (e *Endpoint[S]) Disconnect() { e.child.parent.askFor(e.child, disconnect) }
