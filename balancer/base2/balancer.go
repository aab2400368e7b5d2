package base2

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

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
	configure    configurer
	childBuilder balancer.Builder
	start        time.Time // when it was built

	// children holds the child of each endpoint by endpointKey, and updates
	// counts the resolver updates that changed which they are. Only resolver
	// updates and Close use them, which gRPC calls one at a time.
	children map[string]*child
	updates  int32

	// mu guards the fields below and those of each child that say so. Children
	// take it from their callbacks, so no child is called while it is held.
	mu          sync.Mutex
	order       []*child // the children in the resolver's order; only resolver updates change it
	states      stateCounts
	ready       readyList
	resolverErr error              // the resolver's last error, nil after a good update
	updating    bool               // a resolver update is under way, at whose end comes one picker
	unused      []balancer.SubConn // to be shut down after that picker
	closed      bool
	publisher   publisher

	pickerBuilder any // that publisher builds with
	configured    any // the last config that it was given
}

// UpdateClientConnState implements [balancer.Balancer]. Without any address it
// returns [balancer.ErrBadResolverState]. A config that the policy cannot use is
// an error too, and nothing is changed; if it is the first, RPCs fail with that
// error. A policy without [WithConfig] does not look at its config.
func (b *endpointBalancer) UpdateClientConnState(s balancer.ClientConnState) error {
	if err := b.useConfig(s.BalancerConfig); err != nil {
		b.refuse(err)
		return err
	}
	endpoints := endpointsOf(s.ResolverState)
	if b.config.HealthCheck {
		s.ResolverState = pickfirst2.EnableHealthListener(s.ResolverState)
	}
	b.beginUpdate()
	defer b.endUpdate()
	return b.updateChildren(endpoints, s.ResolverState)
}

// beginUpdate has the changes that a resolver update brings about lead to one
// picker, at its end.
func (b *endpointBalancer) beginUpdate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updating = true
}

func (b *endpointBalancer) endUpdate() {
	for _, conn := range b.publishUpdate() {
		conn.Shutdown()
	}
}

// publishUpdate publishes the picker that a resolver update led to. It returns
// the SubConns that no picker has any more.
func (b *endpointBalancer) publishUpdate() (unused []balancer.SubConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updating = false
	b.publishLocked()
	unused, b.unused = b.unused, nil
	return unused
}

// updateChildren makes, updates and closes children so that there is one for
// each of the endpoints.
func (b *endpointBalancer) updateChildren(endpoints []resolver.Endpoint, s resolver.State) error {
	order, gone := b.order, []*child(nil)
	if !sameOrder(order, endpoints) {
		order, endpoints, gone = b.arrange(endpoints)
	}
	concerned, err := b.startUpdate(order, endpoints)
	for _, c := range concerned {
		err = cmp.Or(err, c.update(s))
	}
	for _, c := range gone {
		c.close()
	}
	return err
}

// sameOrder tells whether the children are those of the endpoints already. Most
// resolver updates change nothing, and large ones should cost little then.
func sameOrder(order []*child, endpoints []resolver.Endpoint) bool {
	return slices.EqualFunc(order, endpoints, func(c *child, e resolver.Endpoint) bool {
		return sameAddrs(c.endpoint, e) || c.key == endpointKey(e)
	})
}

// arrange gives each endpoint that has an address its child, the one that it had
// or a new one, and leaves duplicates out. It returns the children whose
// endpoints are gone, too.
func (b *endpointBalancer) arrange(endpoints []resolver.Endpoint) (order []*child, distinct []resolver.Endpoint, gone []*child) {
	b.updates++
	order = make([]*child, 0, len(endpoints))
	distinct = make([]resolver.Endpoint, 0, len(endpoints))
	for _, e := range endpoints {
		if len(e.Addresses) == 0 {
			continue
		}
		c := b.childOf(endpointKey(e), len(order))
		if c.lastUpdate == b.updates {
			continue
		}
		c.lastUpdate = b.updates
		order, distinct = append(order, c), append(distinct, e)
	}
	for _, c := range b.order {
		if c.lastUpdate != b.updates {
			gone = append(gone, c)
			delete(b.children, c.key)
		}
	}
	return order, distinct, gone
}

// childOf returns the child of the endpoint with the key, which it makes if
// there is none. It looks first where it would be if nothing had changed.
func (b *endpointBalancer) childOf(key string, at int) *child {
	if at < len(b.order) && b.order[at].key == key {
		return b.order[at]
	}
	c, ok := b.children[key]
	if !ok {
		c = b.newChild(key)
		b.children[key] = c
	}
	return c
}

// startUpdate notes the children of a resolver update and their endpoints. It
// returns the children that are to be told, from a random one on, and an error
// if there are no endpoints.
func (b *endpointBalancer) startUpdate(order []*child, endpoints []resolver.Endpoint) ([]*child, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = order
	b.resolverErr = nil
	b.publisher.errorChanged, b.publisher.owed = true, true
	if len(order) == 0 {
		b.resolverErr = errNoAddresses
		return nil, balancer.ErrBadResolverState
	}
	var concerned []*child
	first := rand.IntN(len(order))
	for i := range order {
		at := (first + i) % len(order)
		if !order[at].takeLocked(endpoints[at]) {
			concerned = append(concerned, order[at])
		}
	}
	return concerned, nil
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

// ExitIdle implements [balancer.Balancer]. It may be called at any time, from
// any goroutine, and has nothing to do: endpoints leave IDLE by themselves, or
// wait because their connections are lost as soon as they are made.
func (b *endpointBalancer) ExitIdle() {}

// Close implements [balancer.Balancer].
func (b *endpointBalancer) Close() {
	b.mu.Lock()
	b.closed = true
	b.publisher.putOff.stop()
	b.mu.Unlock()
	for _, c := range b.children {
		c.close()
	}
	clear(b.children)
}
