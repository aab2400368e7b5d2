package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// childConn is a SubConn as a child policy sees it. It embeds the channel's
// SubConn, which pickers get.
type childConn[S any] struct {
	balancer.SubConn
	child     *child[S]
	addr      *resolver.Address           // never changed
	listener  func(balancer.SubConnState) // of the child policy
	connected bool                        // READY was its last state; guarded by child.parent.mu
}

// changed handles a state change.
func (conn *childConn[S]) changed(s balancer.SubConnState) {
	conn.note(s.ConnectivityState)
	conn.listener(s) // when it returns, the policy's mutex is free
	if s.ConnectivityState == connectivity.Idle {
		conn.child.reconnect()
	}
}

// note tells the reconnector of a connection that was made, lost, or shut down. If IDLE
// follows a loss, the child policy reports it.
func (conn *childConn[S]) note(s connectivity.State) {
	b := conn.child.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	r, now, was := &conn.child.reconnector, time.Since(b.start), conn.connected
	conn.connected = s == connectivity.Ready
	switch {
	case conn.connected:
		r.connected(now)
	case was && s == connectivity.Shutdown:
		r.letGo(now)
	case was && (s == connectivity.Connecting || s == connectivity.TransientFailure):
		// gRPC is making another connection to the address, or could not (gRFC A105). No
		// pause can come before that, but the loss counts for the next one.
		r.lost(now)
	}
}

// Shutdown implements [balancer.SubConn]. During a resolver update, and while requests
// of the policy are carried out, it waits until a picker without the SubConn is
// published: an RPC that picks a SubConn which is shut down waits for the next picker.
func (conn *childConn[S]) Shutdown() {
	conn.note(connectivity.Shutdown)
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
