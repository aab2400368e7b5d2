package base2

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// childConn is a SubConn as a child policy sees it. It embeds the channel's
// SubConn, which pickers get.
type childConn[S any] struct {
	balancer.SubConn
	child *child[S]
	addr  *resolver.Address // never changed
}

// Shutdown implements [balancer.SubConn]. During a resolver update, and while
// requests of the policy are carried out, it waits until a picker without the SubConn
// is published: an RPC that picks a SubConn which is
// shut down waits for the next picker.
func (conn *childConn[S]) Shutdown() {
	if !conn.child.parent.deferShutdown(conn.SubConn) {
		conn.SubConn.Shutdown()
	}
}

// deferShutdown leaves the shutdown to the end of the changes that are under way, if
// there are any, and tells whether it did.
func (b *endpointBalancer[S]) deferShutdown(conn balancer.SubConn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.updating {
		b.unused = append(b.unused, conn)
	}
	return b.updating
}
