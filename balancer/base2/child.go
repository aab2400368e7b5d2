package base2

import (
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// child is the pick_first2 policy of one endpoint, and the ClientConn that it
// works for. There is one for each endpoint: it is kept at 160 bytes.
type child struct {
	balancer.ClientConn // the channel's
	parent              *endpointBalancer
	policy              balancer.Balancer
	key                 string // of its endpoint
	lastUpdate          int32  // the last of parent.updates that its endpoint was in

	// Guarded by parent.mu. The endpoint is changed by calls from the channel
	// only; its addresses are a copy, since resolvers may reuse their memory.
	changed     bool // has left parent.ready, or come back, since the last picker
	endpoint    resolver.Endpoint
	state       connectivity.State
	err         error      // in TRANSIENT_FAILURE: of its picks
	conn        *childConn // in READY: where its picks go
	place       int        // in parent.ready; 0 before it was READY
	reconnector reconnector
}

// newChild returns a child that has no endpoint yet and counts as CONNECTING,
// which is what gRPC takes a new policy to be.
func (b *endpointBalancer) newChild(key string) *child {
	c := &child{ClientConn: b.cc, parent: b, key: key, state: connectivity.Connecting}
	c.policy = b.childBuilder.Build(c, b.opts)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.states.add(c.state)
	return c
}

// update passes a resolver update on, with the endpoint that the child has
// taken.
func (c *child) update(s resolver.State) error {
	s.Endpoints, s.Addresses = []resolver.Endpoint{c.endpoint}, nil
	return c.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: s})
}

// takeLocked stores the endpoint and tells whether that is all there is to do: a
// READY pick_first does nothing with the addresses that it has.
func (c *child) takeLocked(e resolver.Endpoint) (done bool) {
	old := c.endpoint
	sameAddrs := sameAddresses(old, e)
	if sameAddrs {
		e.Addresses = old.Addresses
	} else {
		e.Addresses = slices.Clone(e.Addresses)
	}
	c.endpoint = e
	if c.state != connectivity.Ready {
		return false
	}
	if !sameAddrs || !sameAttributes(old, e) {
		c.parent.publisher.readyChanged = true // pickers may depend on the attributes
	}
	return sameAddrs
}

// close closes the policy, which then reports nothing more, and takes the child
// out of the aggregate.
func (c *child) close() {
	c.policy.Close()
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.leaveLocked()
	c.reconnector.pause.stop()
}

// What pick_first2's pickers tell a parent besides how to pick: in READY where
// picks go, in TRANSIENT_FAILURE why they fail. The documentation of pickfirst2
// describes both.
type (
	readyPicker   interface{ SubConn() balancer.SubConn }
	failingPicker interface{ Failure() error }
)

// UpdateState implements [balancer.ClientConn] for the child policy.
func (c *child) UpdateState(s balancer.State) {
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.leaveLocked()
	switch s.ConnectivityState {
	case connectivity.Ready:
		conn := s.Picker.(readyPicker).SubConn()
		c.enterReadyLocked(conn.(*childConn))
	case connectivity.TransientFailure:
		c.enterFailedLocked(s.Picker.(failingPicker).Failure())
	default:
		c.enterLocked(s.ConnectivityState)
	}
	b.publishLocked()
}

// enterLocked takes the child into the aggregate in the state s. There is one
// such method for READY, and one for TRANSIENT_FAILURE.
func (c *child) enterLocked(s connectivity.State) {
	c.state = s
	c.parent.states.add(s)
}

func (c *child) enterReadyLocked(conn *childConn) {
	c.enterLocked(connectivity.Ready)
	c.conn = conn
	c.parent.ready.add(c)
	c.parent.publisher.readyChanged = true
}

func (c *child) enterFailedLocked(err error) {
	c.enterLocked(connectivity.TransientFailure)
	c.err = err
	if slices.Contains(c.parent.namedLocked(), c) {
		c.parent.publisher.errorChanged = true
	}
}

// leaveLocked takes the child out of the aggregate, before it enters in another
// state or is gone.
func (c *child) leaveLocked() {
	b := c.parent
	b.states.remove(c.state)
	c.conn, c.err = nil, nil
	if c.state == connectivity.Ready {
		b.ready.remove(c)
		b.publisher.readyChanged = true
	}
}
