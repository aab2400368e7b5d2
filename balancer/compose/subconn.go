package compose

import (
	"fmt"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// grpcSubConn is what gRPC or the parent policy made.
type grpcSubConn = balancer.SubConn

// SubConn is what the child of a [Wrap] gets as its SubConns, and what its pickers
// return. It carries the author's data:
//
//	res, err := child.Pick(info)
//	if err != nil {
//		return res, err
//	}
//	data := res.SubConn.(*compose.SubConn[*backend]).Data()
//
// gRPC gets its own SubConn back: Wrap replaces it in the result of the author's
// picker. Authors read a SubConn, and call none of the methods of [balancer.SubConn]:
// the SubConn belongs to the child.
type SubConn[S any] struct {
	grpcSubConn // what is not intercepted goes there

	child *child[S]
	data  S
	addrs atomic.Pointer[[]resolver.Address]
}

// Data returns what the Data function of the [Wrapper] returned for this SubConn.
func (sc *SubConn[S]) Data() S { return sc.data }

// Addresses returns the addresses that the child gave the SubConn last. It may be
// called from any goroutine. The caller must not change the slice.
func (sc *SubConn[S]) Addresses() []resolver.Address { return *sc.addrs.Load() }

// setAddresses keeps a copy, since resolvers may reuse their memory.
func (sc *SubConn[S]) setAddresses(addrs []resolver.Address) {
	addrs = slices.Clone(addrs)
	sc.addrs.Store(&addrs)
}

// String keeps the log lines of the child as they are.
func (sc *SubConn[S]) String() string { return fmt.Sprint(sc.grpcSubConn) }

// UpdateAddresses implements [balancer.SubConn].
func (sc *SubConn[S]) UpdateAddresses(addrs []resolver.Address) {
	sc.setAddresses(addrs)
	sc.grpcSubConn.UpdateAddresses(addrs) //nolint:staticcheck // deprecated for the child, which may still call it
}

// Shutdown implements [balancer.SubConn].
func (sc *SubConn[S]) Shutdown() {
	if !sc.leave() {
		sc.grpcSubConn.Shutdown()
	}
}

// leave reports whether the SubConn is shut down later, because RPCs may choose it
// until the report that is held back is out.
func (sc *SubConn[S]) leave() (later bool) {
	p := sc.child.parent
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(sc.child.live, sc)
	if p.holding {
		p.dying = append(p.dying, sc.grpcSubConn)
	}
	return p.holding
}

// RegisterHealthListener implements [balancer.SubConn].
func (sc *SubConn[S]) RegisterHealthListener(listener func(balancer.SubConnState)) {
	if listener != nil {
		listener = sc.whileOpen(listener)
	}
	sc.grpcSubConn.RegisterHealthListener(listener)
}

// stateListener returns the StateListener for gRPC. It passes events on in the way that
// the child chose: to its listener or, if that is nil, to UpdateSubConnState.
func (sc *SubConn[S]) stateListener(listener func(balancer.SubConnState)) func(balancer.SubConnState) {
	if listener == nil {
		listener = func(s balancer.SubConnState) { sc.child.updateSubConnState(subConnEvent[S]{sc, s}) }
	}
	return sc.whileOpen(listener)
}

// whileOpen returns a listener that tells a closed child nothing.
func (sc *SubConn[S]) whileOpen(listener func(balancer.SubConnState)) func(balancer.SubConnState) {
	return func(s balancer.SubConnState) {
		if !sc.child.isClosed() {
			listener(s)
		}
		sc.child.parent.closeReplaced()
	}
}

// own returns sc as a SubConn if a child of this policy made it. The SubConns of a
// policy inside or outside may have the same type.
func (p *policy[S]) own(sc balancer.SubConn) (*SubConn[S], bool) {
	own, ok := sc.(*SubConn[S])
	if !ok || own.child.parent != p {
		return nil, false
	}
	return own, true
}
