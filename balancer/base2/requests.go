package base2

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/connectivity"
)

// wish is what a policy wants of an endpoint's connection. A later one replaces an
// earlier one that was not carried out yet.
type wish uint8

const (
	none wish = iota
	connect
	disconnect
)

// requests collects what may be asked for from any goroutine, with any lock held.
// carryOut does it in a goroutine of its own.
type requests[S any] struct {
	rebuild atomic.Bool // a new picker is wanted; set until there is one

	mu       sync.Mutex // guards the fields below; nothing is called while it is held
	due      bool       // a call of carryOut will come
	exitIdle bool
	children []*child[S] // those that have a wish
	later    timer       // asks for a picker
	closed   bool
}

// askForPicker asks for a new picker. Only the first request until there is one does
// anything, so that Rebuild is cheap at the end of each RPC.
func (b *endpointBalancer[S]) askForPicker() {
	if !b.requests.rebuild.Swap(true) {
		b.requests.mu.Lock()
		defer b.requests.mu.Unlock()
		b.callCarryOutLocked()
	}
}

func (b *endpointBalancer[S]) askForPickerAfter(d time.Duration) {
	b.requests.mu.Lock()
	defer b.requests.mu.Unlock()
	if !b.requests.closed {
		b.requests.later.start(d, &b.requests.mu, b.askForPicker)
	}
}

// answer notes that a picker is being made. What is asked for from now on leads to
// another one.
func (r *requests[S]) answer() {
	r.rebuild.Store(false)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.later.stop()
}

// close ends what was asked for later.
func (r *requests[S]) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.later.stop()
}

func (b *endpointBalancer[S]) askToExitIdle() {
	b.requests.mu.Lock()
	defer b.requests.mu.Unlock()
	b.requests.exitIdle = true
	b.callCarryOutLocked()
}

func (b *endpointBalancer[S]) askFor(c *child[S], w wish) {
	b.requests.mu.Lock()
	defer b.requests.mu.Unlock()
	if c.wish == none {
		b.requests.children = append(b.requests.children, c)
	}
	c.wish = w
	b.callCarryOutLocked()
}

func (b *endpointBalancer[S]) callCarryOutLocked() {
	if !b.requests.due {
		b.requests.due = true
		time.AfterFunc(0, b.carryOut)
	}
}

// carryOut does what was asked for, and publishes one picker at most.
func (b *endpointBalancer[S]) carryOut() {
	b.calls.Lock()
	defer b.calls.Unlock()
	b.beginUpdate()
	defer b.endUpdate()
	children, wishes, exitIdle := b.requests.take()
	for i, c := range children {
		switch {
		case b.children[c.key] != c: // it was dropped, or the policy was closed
		case wishes[i] == connect:
			c.connect()
		default:
			c.disconnect()
		}
	}
	if exitIdle && b.aggregateIs(connectivity.Idle) {
		b.order[rand.IntN(len(b.order))].connect()
	}
}

func (r *requests[S]) take() (children []*child[S], wishes []wish, exitIdle bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	children, exitIdle = r.children, r.exitIdle
	for _, c := range children {
		wishes = append(wishes, c.wish)
		c.wish = none
	}
	r.due, r.children, r.exitIdle = false, nil, false
	return children, wishes, exitIdle
}

func (b *endpointBalancer[S]) aggregateIs(s connectivity.State) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.closed && b.states.aggregate() == s
}
