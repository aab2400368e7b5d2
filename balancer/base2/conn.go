package base2

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// childConn is a SubConn as a child policy sees it. What it does not intercept
// goes to the embedded one, which is the channel's and which pickers get.
type childConn struct {
	balancer.SubConn
	child *child
	addr  *resolver.Address // nobody changes it
}

// NewSubConn implements [balancer.ClientConn] for the child policy.
func (c *child) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	conn := &childConn{child: c, addr: c.described(addrs[0])}
	listener := opts.StateListener
	opts.StateListener = func(s balancer.SubConnState) {
		listener(s) // and the child's mutex is free again
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

// Shutdown implements [balancer.SubConn]. During a resolver update it is put off
// until the picker is published that does without the SubConn: an RPC that is
// given one that is shut down waits for the next picker.
func (conn *childConn) Shutdown() {
	if !conn.child.parent.putOffShutdown(conn.SubConn) {
		conn.SubConn.Shutdown()
	}
}

// putOffShutdown tells whether the SubConn will be shut down at the end of the
// resolver update that is under way.
func (b *endpointBalancer) putOffShutdown(conn balancer.SubConn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.updating {
		b.unused = append(b.unused, conn)
	}
	return b.updating
}

// described returns the address as the resolver described it last, if it still
// does: resolvers may change the attributes of an address that is connected. The
// result is usually shared with the endpoint, to save memory.
func (c *child) described(addr resolver.Address) *resolver.Address {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	return c.describedLocked(&addr)
}

func (c *child) describedLocked(addr *resolver.Address) *resolver.Address {
	for i := range c.endpoint.Addresses {
		if sameConnection(c.endpoint.Addresses[i], *addr) {
			return &c.endpoint.Addresses[i]
		}
	}
	return addr
}

// subConnInfoLocked returns the address that a READY child is connected to, with
// the endpoint's attributes where a PickerBuilder looks for them.
func (c *child) subConnInfoLocked() base.SubConnInfo {
	addr := *c.describedLocked(c.conn.addr)
	if c.endpoint.Attributes != nil {
		addr.BalancerAttributes = c.endpoint.Attributes
	}
	return base.SubConnInfo{Address: addr}
}
