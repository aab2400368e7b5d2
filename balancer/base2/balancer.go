package base2

import (
	"cmp"
	"math/rand/v2"
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// endpointBalancer has one child policy per endpoint and aggregates them.
type endpointBalancer struct {
	name         string
	cc           balancer.ClientConn
	opts         balancer.BuildOptions
	config       base.Config
	childBuilder balancer.Builder

	// children holds the child of each endpoint by endpointKey. Only calls
	// from the channel use it, and these come one at a time.
	children map[string]*child

	// mu guards the fields below and those of each child that say so. Children
	// take it from their callbacks, so no child is called while it is held.
	mu          sync.Mutex
	order       []*child // the children in the resolver's order
	states      stateCounts
	ready       readySet
	resolverErr error // the resolver's last error, nil after a good update
	quiet       bool  // a call from the channel is under way, at whose end comes one picker
	closed      bool
	publisher   publisher
}

// UpdateClientConnState implements [balancer.Balancer]. Without any address it
// returns [balancer.ErrBadResolverState]. The config is not looked at.
func (b *endpointBalancer) UpdateClientConnState(s balancer.ClientConnState) error {
	endpoints := usable(s.ResolverState)
	if b.config.HealthCheck {
		s.ResolverState = pickfirst2.EnableHealthListener(s.ResolverState)
	}
	var err error
	b.quietly(func() {
		err = b.updateChildren(endpoints, s.ResolverState)
	})
	return err
}

// updateChildren makes, updates and closes children so that there is one for
// each of the endpoints, which must be distinct.
func (b *endpointBalancer) updateChildren(endpoints []keyedEndpoint, s resolver.State) error {
	old := b.children
	b.children = make(map[string]*child, len(endpoints))
	order := make([]*child, len(endpoints))
	for i, e := range endpoints {
		c, ok := old[e.key]
		if !ok {
			c = b.newChild()
		}
		delete(old, e.key)
		b.children[e.key] = c
		order[i] = c
	}
	err := b.startUpdate(order)
	first := rand.IntN(max(1, len(order)))
	for i := range order {
		at := (first + i) % len(order)
		err = cmp.Or(err, order[at].update(endpoints[at].Endpoint, s))
	}
	for _, c := range old {
		c.close()
	}
	return err
}

// startUpdate notes the children of a resolver update. It returns an error if
// there are none.
func (b *endpointBalancer) startUpdate(order []*child) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = order
	b.resolverErr = nil
	b.publisher.errorChanged, b.publisher.owed = true, true
	if len(order) == 0 {
		b.resolverErr = errNoAddresses
		return balancer.ErrBadResolverState
	}
	return nil
}

// ResolverError implements [balancer.Balancer]. It shows in the error of picks
// if no endpoint is READY or on the way there.
func (b *endpointBalancer) ResolverError(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resolverErr = err
	b.publisher.errorChanged = true
	b.publishLocked()
}

// UpdateSubConnState implements [balancer.Balancer]. gRPC does not call it:
// each SubConn has a listener.
func (b *endpointBalancer) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

// ExitIdle implements [balancer.Balancer].
func (b *endpointBalancer) ExitIdle() {
	b.quietly(func() {
		for _, c := range b.children {
			c.policy.ExitIdle()
		}
	})
}

// Close implements [balancer.Balancer].
func (b *endpointBalancer) Close() {
	b.mu.Lock()
	b.closed = true
	b.publisher.stop()
	b.mu.Unlock()
	for _, c := range b.children {
		c.close()
	}
	b.children = nil
}

// quietly has the changes that call brings about lead to one picker, at its
// end.
func (b *endpointBalancer) quietly(call func()) {
	b.mu.Lock()
	b.quiet = true
	b.mu.Unlock()
	call()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.quiet = false
	b.publishLocked()
}
