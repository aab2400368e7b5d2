package base2

import (
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// child is the pick_first2 policy of one endpoint, and the ClientConn that it
// works for.
type child struct {
	balancer.ClientConn // the channel's
	parent              *endpointBalancer
	key                 string // of its endpoint
	listed              int    // the last of parent.updates that its endpoint was in
	policy              balancer.Balancer

	// Guarded by parent.mu. The endpoint is changed by calls from the channel
	// only.
	endpoint resolver.Endpoint
	state    connectivity.State
	closed   bool
	err      error            // in TRANSIENT_FAILURE: of its picks
	picked   balancer.SubConn // in READY: where its picks go
	readyAt  int              // in READY: place in parent.ready when it was added
	conns    []connAddress    // its SubConns that are not shut down
}

// connAddress remembers the address that a SubConn was made for.
type connAddress struct {
	conn balancer.SubConn
	addr resolver.Address
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
	c.endpoint = e
	if c.state != connectivity.Ready {
		return false
	}
	if !sameAttributes(old, e) {
		c.parent.publisher.readyChanged = true // pickers may depend on the attributes
	}
	return sameAddresses(old, e)
}

// close closes the policy and takes the child out of the aggregate.
func (c *child) close() {
	c.policy.Close()
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leaveLocked(c)
	c.closed = true
}

// UpdateState implements [balancer.ClientConn] for the child policy.
func (c *child) UpdateState(s balancer.State) {
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.closed {
		return
	}
	b.leaveLocked(c)
	c.state = s.ConnectivityState
	b.states.add(c.state)
	switch c.state {
	case connectivity.Ready:
		res, _ := s.Picker.Pick(balancer.PickInfo{})
		c.picked = res.SubConn
		b.ready.add(c)
		b.publisher.readyChanged = true
	case connectivity.TransientFailure:
		_, c.err = s.Picker.Pick(balancer.PickInfo{})
		if slices.Contains(b.toldLocked(), c) {
			b.publisher.errorChanged = true
		}
	}
	b.publishLocked()
}

// leaveLocked takes the child out of the aggregate, before it enters another
// state or is gone.
func (b *endpointBalancer) leaveLocked(c *child) {
	b.states.remove(c.state)
	if c.state == connectivity.Ready {
		b.ready.remove(c)
		b.publisher.readyChanged = true
	}
	c.picked, c.err = nil, nil
}

// NewSubConn implements [balancer.ClientConn] for the child policy.
func (c *child) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	var conn balancer.SubConn
	listener := opts.StateListener
	opts.StateListener = func(s balancer.SubConnState) {
		listener(s)
		if s.ConnectivityState == connectivity.Shutdown {
			c.forget(conn)
		}
		c.reconnect()
	}
	conn, err := c.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.conns = append(c.conns, connAddress{conn: conn, addr: addrs[0]})
	return conn, nil
}

// reconnect has a child leave IDLE. It is called when the listener that may
// have led there has returned: the child's mutex is free again.
func (c *child) reconnect() {
	b := c.parent
	b.mu.Lock()
	idle := c.state == connectivity.Idle && !c.closed
	b.mu.Unlock()
	if idle {
		c.policy.ExitIdle()
	}
}

func (c *child) forget(conn balancer.SubConn) {
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.conns = slices.DeleteFunc(c.conns, func(ca connAddress) bool { return ca.conn == conn })
}

// subConnInfoLocked returns the address that a READY child is connected to, with
// the endpoint's attributes where a PickerBuilder looks for them. Should gRPC have
// shut the SubConn down of its own accord, its address is forgotten; that is no
// reason to fall over.
func (c *child) subConnInfoLocked() base.SubConnInfo {
	var addr resolver.Address
	for _, ca := range c.conns {
		if ca.conn == c.picked {
			addr = ca.addr
		}
	}
	if c.endpoint.Attributes != nil {
		addr.BalancerAttributes = c.endpoint.Attributes
	}
	return base.SubConnInfo{Address: addr}
}
