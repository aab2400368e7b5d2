package base2

import (
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// child is the pick_first2 policy of one endpoint, and that policy's ClientConn.
// There is one for each endpoint, so its size counts: it is 160 bytes.
type child struct {
	balancer.ClientConn // the channel's
	parent              *endpointBalancer
	policy              balancer.Balancer
	key                 string // of its endpoint
	lastUpdate          int32  // number of the last resolver update with its endpoint

	// Guarded by parent.mu. Only resolver updates change the endpoint. Its
	// addresses are a copy, since resolvers may reuse their memory.
	changed     bool // it is in parent.ready.changed
	endpoint    resolver.Endpoint
	state       connectivity.State
	err         error      // in TRANSIENT_FAILURE: why
	conn        *childConn // in READY: where its picks go
	place       int        // in parent.ready; 0 until it is READY for the first time
	reconnector reconnector
}

// newChild returns a child without an endpoint. It counts as CONNECTING, which is
// what gRPC assumes of a new policy.
func newChild(b *endpointBalancer, key string) *child {
	c := &child{ClientConn: b.cc, parent: b, key: key, state: connectivity.Connecting}
	c.policy = b.childBuilder.Build(c, b.opts)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.states.add(c.state)
	return c
}

// update passes a resolver update on to the policy, with the child's endpoint.
func (c *child) update(s resolver.State) error {
	s.Endpoints, s.Addresses = []resolver.Endpoint{c.endpoint}, nil
	return c.policy.UpdateClientConnState(balancer.ClientConnState{ResolverState: s})
}

// setEndpointLocked stores the endpoint and tells whether the policy needs the
// update: in READY it does not if the addresses are the same.
func (c *child) setEndpointLocked(e resolver.Endpoint) (needed bool) {
	old := c.endpoint
	sameAddrs := sameAddresses(old, e)
	if sameAddrs {
		e.Addresses = old.Addresses
	} else {
		e.Addresses = slices.Clone(e.Addresses)
	}
	c.endpoint = e
	if c.state != connectivity.Ready {
		return true
	}
	if !sameAddrs || !sameAttributes(old, e) {
		c.parent.publisher.readyChanged = true // pickers may depend on the attributes
	}
	return !sameAddrs
}

// close closes the policy and takes the child out of the aggregate.
func (c *child) close() {
	c.policy.Close()
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.leaveLocked()
	c.reconnector.pause.stop()
}

// NewSubConn implements [balancer.ClientConn] for the child policy.
func (c *child) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	conn := &childConn{child: c, addr: c.latestAddress(addrs[0])}
	listener := opts.StateListener
	opts.StateListener = func(s balancer.SubConnState) {
		listener(s) // when it returns, the policy's mutex is free
		switch s.ConnectivityState {
		case connectivity.Ready:
			c.noteConnected()
		case connectivity.Idle:
			c.reconnect(conn.addr.Addr)
		}
	}
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

// enterLocked takes the child into the aggregate in state s. READY and
// TRANSIENT_FAILURE have their own methods.
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

// leaveLocked takes the child out of the aggregate. An enter method follows, unless
// the child is closed.
func (c *child) leaveLocked() {
	b := c.parent
	b.states.remove(c.state)
	c.conn, c.err = nil, nil
	if c.state == connectivity.Ready {
		b.ready.remove(c)
		b.publisher.readyChanged = true
	}
}

// latestAddress returns the address as the resolver sent it last: its attributes
// may have changed. If the resolver no longer lists it, the result is addr. It
// usually points into the endpoint, to save memory.
func (c *child) latestAddress(addr resolver.Address) *resolver.Address {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	return c.latestAddressLocked(&addr)
}

func (c *child) latestAddressLocked(addr *resolver.Address) *resolver.Address {
	for i := range c.endpoint.Addresses {
		if sameConnection(c.endpoint.Addresses[i], *addr) {
			return &c.endpoint.Addresses[i]
		}
	}
	return addr
}

// subConnInfoLocked returns the address of a READY child's connection, with the
// endpoint's attributes where PickerBuilders look for them.
func (c *child) subConnInfoLocked() base.SubConnInfo {
	addr := *c.latestAddressLocked(c.conn.addr)
	if c.endpoint.Attributes != nil {
		addr.BalancerAttributes = c.endpoint.Attributes
	}
	return base.SubConnInfo{Address: addr}
}
