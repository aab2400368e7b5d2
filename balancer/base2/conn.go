package base2

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// childConn is a SubConn as a child policy sees it. It embeds the channel's
// SubConn, which pickers get.
type childConn struct {
	balancer.SubConn
	child *child
	addr  *resolver.Address // never changed
}

// Shutdown implements [balancer.SubConn]. During a resolver update it waits until
// a picker without the SubConn is published: an RPC that picks a SubConn which is
// shut down waits for the next picker.
func (conn *childConn) Shutdown() {
	if !conn.child.parent.deferShutdown(conn.SubConn) {
		conn.SubConn.Shutdown()
	}
}

// deferShutdown leaves the shutdown to the end of the resolver update, if one is
// under way, and tells whether it did.
func (b *endpointBalancer) deferShutdown(conn balancer.SubConn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.updating {
		b.unused = append(b.unused, conn)
	}
	return b.updating
}
