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
	addr  *resolver.Address // the child policy's, which does not change it
}

// NewSubConn implements [balancer.ClientConn] for the child policy.
func (c *child) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	conn := &childConn{child: c, addr: &addrs[0]}
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

// subConnInfoLocked returns the address that a READY child is connected to, as
// the resolver described it last, with the endpoint's attributes where a
// PickerBuilder looks for them.
func (c *child) subConnInfoLocked() base.SubConnInfo {
	addr := *c.picked.addr
	for _, a := range c.endpoint.Addresses {
		if sameConnection(a, addr) {
			addr = a
			break
		}
	}
	if c.endpoint.Attributes != nil {
		addr.BalancerAttributes = c.endpoint.Attributes
	}
	return base.SubConnInfo{Address: addr}
}
