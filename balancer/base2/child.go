package base2

import (
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// child is the pick_first2 policy of one endpoint, and that policy's ClientConn.
// There is one for each endpoint, so its size counts: it is 160 bytes, and the
// endpoint's Data.
type child[S any] struct {
	balancer.ClientConn // the channel's
	parent              *endpointBalancer[S]
	key                 string // of its endpoint
	endpoint            Endpoint[S]

	// policy is nil while the endpoint is IDLE because nobody has asked it to connect.
	// It changes while parent.calls and parent.mu are held.
	policy balancer.Balancer

	lastUpdate int32 // number of the last resolver update with its endpoint; guarded by parent.calls
	wish       wish  // guarded by parent.requests.mu

	// Guarded by parent.mu. Only resolver updates change what was resolved. Its
	// addresses are a copy, since resolvers may reuse their memory.
	changed     bool  // it is in parent.ready.changed
	state       state // of the endpoint
	resolved    resolver.Endpoint
	err         error         // in TRANSIENT_FAILURE: why
	conn        *childConn[S] // in READY: where its picks go
	reconnector reconnector
}

// state is a connectivity.State in one byte.
type state uint8

// newChild returns a child without an endpoint. If it connects at once, it counts as
// CONNECTING, which is what gRPC assumes of a new policy.
func newChild[S any](b *endpointBalancer[S], key string) *child[S] {
	c := &child[S]{ClientConn: b.cc, parent: b, key: key}
	c.endpoint.child = c
	if data, ok := any(&c.endpoint.Data).(interface{ Init() }); ok {
		data.Init()
	}
	var policy balancer.Balancer
	first := connectivity.Idle
	if !b.options.onRequest {
		policy, first = b.childBuilder.Build(c, b.opts), connectivity.Connecting
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c.policy = policy
	c.enterLocked(first)
	return c
}

// update passes the last resolver update on to the policy, with the child's endpoint.
func (c *child[S]) update() error {
	s := c.parent.state
	s.Endpoints = []resolver.Endpoint{c.resolved}
	return c.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: s})
}

// setEndpointLocked stores the endpoint and tells whether the policy needs the
// update: in READY it does not if the addresses are the same.
func (c *child[S]) setEndpointLocked(e resolver.Endpoint) (needed bool) {
	old := c.resolved
	sameAddrs := sameAddresses(old, e)
	if sameAddrs {
		e.Addresses = old.Addresses
	} else {
		e.Addresses = slices.Clone(e.Addresses)
	}
	c.resolved = e
	ready := c.isLocked(connectivity.Ready)
	if !sameAddrs || !sameAttributes(old.Attributes, e.Attributes) {
		p := &c.parent.publisher
		p.viewChanged = true
		p.readyChanged = p.readyChanged || ready // pickers may depend on the attributes
	}
	return (!ready || !sameAddrs) && c.policy != nil
}

// close closes the policy and takes the child out of the aggregate.
func (c *child[S]) close() {
	if c.policy != nil {
		c.policy.Close()
	}
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.leaveLocked()
	c.state = state(connectivity.Shutdown)
	c.reconnector.pause.stop()
}

// NewSubConn implements [balancer.ClientConn] for the child policy.
func (c *child[S]) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	conn := &childConn[S]{child: c, addr: c.latestAddress(addrs[0]), listener: opts.StateListener}
	opts.StateListener = conn.changed
	var err error
	conn.SubConn, err = c.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// pick_first2's pickers have these methods; the documentation of pickfirst2 says
// what they return. No other policy can be a child.
type (
	readyPicker   interface{ SubConn() balancer.SubConn } // in READY
	failingPicker interface{ Failure() error }            // in TRANSIENT_FAILURE
)

// UpdateState implements [balancer.ClientConn] for the child policy.
func (c *child[S]) UpdateState(s balancer.State) {
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	lost := c.conn
	c.leaveLocked()
	switch s.ConnectivityState {
	case connectivity.Ready:
		conn := s.Picker.(readyPicker).SubConn()
		c.enterReadyLocked(conn.(*childConn[S]))
	case connectivity.TransientFailure:
		c.enterFailedLocked(s.Picker.(failingPicker).Failure())
	case connectivity.Idle:
		c.enterIdleLocked(lost)
	default:
		c.enterLocked(s.ConnectivityState)
	}
	b.publishLocked()
}

func (c *child[S]) isLocked(s connectivity.State) bool { return c.state == state(s) }

// enterLocked takes the child into the aggregate in state s. READY, IDLE after a loss,
// and TRANSIENT_FAILURE have their own methods.
func (c *child[S]) enterLocked(s connectivity.State) {
	if !c.isLocked(s) {
		c.parent.publisher.viewChanged = true
	}
	c.state = state(s)
	c.parent.states.add(s)
}

func (c *child[S]) enterReadyLocked(conn *childConn[S]) {
	c.enterLocked(connectivity.Ready)
	c.conn = conn
	c.parent.ready.add(c)
	c.parent.publisher.readyChanged = true
}

func (c *child[S]) enterFailedLocked(err error) {
	c.enterLocked(connectivity.TransientFailure)
	c.err = err
	c.parent.publisher.viewChanged = true
	if slices.Contains(c.parent.namedLocked(), c) {
		c.parent.publisher.errorChanged = true
	}
}

// leaveLocked takes the child out of the aggregate. An enter method follows, unless
// the child is closed.
func (c *child[S]) leaveLocked() {
	b := c.parent
	b.states.remove(connectivity.State(c.state))
	c.conn, c.err = nil, nil
	if c.isLocked(connectivity.Ready) {
		b.ready.remove(c)
		b.publisher.readyChanged = true
	}
}

// latestAddress returns the address as the resolver sent it last: its attributes
// may have changed. If the resolver no longer lists it, the result is addr. It
// usually points into the endpoint, to save memory.
func (c *child[S]) latestAddress(addr resolver.Address) *resolver.Address {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	return c.latestAddressLocked(&addr)
}

func (c *child[S]) latestAddressLocked(addr *resolver.Address) *resolver.Address {
	for i := range c.resolved.Addresses {
		if sameConnection(c.resolved.Addresses[i], *addr) {
			return &c.resolved.Addresses[i]
		}
	}
	return addr
}

// statusLocked returns what the policy sees of the endpoint.
func (c *child[S]) statusLocked() Status[S] {
	s := Status[S]{
		Endpoint:   &c.endpoint,
		State:      connectivity.State(c.state),
		Addresses:  c.resolved.Addresses,
		Attributes: c.resolved.Attributes,
		Err:        c.err,
	}
	if c.conn != nil {
		s.SubConn, s.connected = c.conn.SubConn, c.latestAddressLocked(c.conn.addr)
	}
	return s
}
