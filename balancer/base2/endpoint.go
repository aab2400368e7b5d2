package base2

// Endpoint is an endpoint of a channel. A policy sees the same *Endpoint for as long as
// the resolver lists the endpoint: with the same Addr fields in any order, whatever its
// attributes are. Its methods may be called from any goroutine at any time.
type Endpoint[S any] struct {
	// Data belongs to the policy, which may keep there what it counts or learns about
	// the endpoint. It begins as the zero S. If *S has a method Init(), it is called
	// once, before anything else can see the endpoint; it is for a Done that is made
	// once instead of at each pick, for example.
	//
	// Picks run at the same time as NewPicker and each other: what both use must allow
	// for that, for example by atomics. What only NewPicker uses need not.
	Data S

	// Place is 1 for the endpoint that was the first to be READY, 2 for the next one, and
	// so on. An endpoint keeps its place, READY or not, for as long as the resolver lists
	// it. The place is 0 before the endpoint is READY for the first time. It must not be
	// changed, and may be read only while NewPicker runs, or of an endpoint that was in a
	// View.Ready.
	Place int

	child *child[S]
}

// Key identifies the endpoint among those of its target: it is the same in all clients,
// whatever the order of the endpoint's addresses is. The key of an endpoint with one
// address is that address.
func (e *Endpoint[S]) Key() string { return e.child.key }

// Connect has the endpoint leave IDLE soon. It returns at once. In other states, and
// after the resolver has dropped the endpoint, it has no effect.
//
// A [Status] shows what was asked for only when it is done. A policy that asks for one
// of several endpoints should remember which: another picker may be made before.
func (e *Endpoint[S]) Connect() { e.child.parent.askFor(e.child, connect) }

// Disconnect has the endpoint return to IDLE soon. It returns at once. The connection
// is shut down when a picker without it has been published; RPCs that have begun on it
// go on. The endpoint stays IDLE until Connect is called.
//
// An attempt that Disconnect gives up counts as a connection that was lost early. After
// more than five in a row the endpoint pauses, as described under "States": it is IDLE
// only when the pause is over.
func (e *Endpoint[S]) Disconnect() { e.child.parent.askFor(e.child, disconnect) }
