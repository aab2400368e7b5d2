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

// endpointBalancer has one child policy per endpoint and aggregates them. Its
// methods are here, except those about configs (config.go), pickers (publish.go),
// errors (errors.go), and SubConns that are shut down (conn.go).
type endpointBalancer struct {
	name         string
	cc           balancer.ClientConn
	opts         balancer.BuildOptions
	config       base.Config
	configure    configurer
	childBuilder balancer.Builder
	start        time.Time // when it was built

	// children has the child of each endpoint, by endpointKey. updates counts the
	// resolver updates that changed it. Only resolver updates and Close use them,
	// which gRPC calls one at a time.
	children map[string]*child
	updates  int32

	// mu guards the fields below, and the fields of each child that say so. A
	// child's callbacks take it, so no child may be called while it is held.
	mu          sync.Mutex
	order       []*child // in the resolver's order; only resolver updates change it
	states      stateCounts
	ready       readyList
	resolverErr error              // the resolver's last error, nil after a good update
	updating    bool               // a resolver update is under way; it ends with one picker
	unused      []balancer.SubConn // to shut down after that picker
	closed      bool
	publisher   publisher

	pickerBuilder any // of either kind; publisher.build uses it
	configured    any // the last config that it got
}

// UpdateClientConnState implements [balancer.Balancer]. If s has no address, the
// error is [balancer.ErrBadResolverState]. If the policy cannot use the config,
// there is an error too, and nothing changes; if there is no picker yet, RPCs fail
// with that error. A policy without [WithConfig] ignores its config.
func (b *endpointBalancer) UpdateClientConnState(s balancer.ClientConnState) error {
	if err := b.useConfig(s.BalancerConfig); err != nil {
		b.reportRefusal(err)
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

// beginUpdate makes the changes until endUpdate lead to one picker.
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

// publishUpdate publishes the picker of a resolver update. It returns the SubConns to
// shut down, which that picker no longer has.
func (b *endpointBalancer) publishUpdate() (unused []balancer.SubConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updating = false
	b.publishLocked()
	unused, b.unused = b.unused, nil
	return unused
}

// updateChildren makes, updates and closes children, so that each endpoint has one.
func (b *endpointBalancer) updateChildren(endpoints []resolver.Endpoint, s resolver.State) error {
	order, gone := b.order, []*child(nil)
	if !sameOrder(order, endpoints) {
		order, endpoints, gone = b.arrange(endpoints)
	}
	toUpdate, err := b.setChildren(order, endpoints)
	for _, c := range toUpdate {
		err = cmp.Or(err, c.update(s))
	}
	for _, c := range gone {
		c.close()
	}
	return err
}

// sameOrder tells whether the children are already those of the endpoints. Most
// resolver updates change nothing; this keeps them cheap.
func sameOrder(order []*child, endpoints []resolver.Endpoint) bool {
	return slices.EqualFunc(order, endpoints, func(c *child, e resolver.Endpoint) bool {
		return sameKeyFast(c.endpoint, e) || c.key == endpointKey(e)
	})
}

// arrange finds or makes the child of each endpoint. It leaves out duplicates and
// endpoints without an address. It also returns the children whose endpoints are
// gone.
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

// childOf returns the child with the key, and makes it if there is none. It looks
// first at the index where the child is if nothing has changed.
func (b *endpointBalancer) childOf(key string, at int) *child {
	if at < len(b.order) && b.order[at].key == key {
		return b.order[at]
	}
	c, ok := b.children[key]
	if !ok {
		c = newChild(b, key)
		b.children[key] = c
	}
	return c
}

// setChildren sets the children and their endpoints. It returns the children whose
// policies need the update, starting at a random one. Without endpoints it returns
// an error.
func (b *endpointBalancer) setChildren(order []*child, endpoints []resolver.Endpoint) ([]*child, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = order
	b.resolverErr = nil
	b.publisher.errorChanged, b.publisher.answerDue = true, true
	if len(order) == 0 {
		b.resolverErr = errNoAddresses
		return nil, balancer.ErrBadResolverState
	}
	var toUpdate []*child
	first := rand.IntN(len(order))
	for i := range order {
		at := (first + i) % len(order)
		if order[at].setEndpointLocked(endpoints[at]) {
			toUpdate = append(toUpdate, order[at])
		}
	}
	return toUpdate, nil
}

// ResolverError implements [balancer.Balancer]. In TRANSIENT_FAILURE the errors of
// picks include err.
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

// ExitIdle implements [balancer.Balancer]. It may be called from any goroutine at
// any time. It does nothing: endpoints leave IDLE by themselves, some after a pause.
func (b *endpointBalancer) ExitIdle() {}

// Close implements [balancer.Balancer].
func (b *endpointBalancer) Close() {
	b.mu.Lock()
	b.closed = true
	b.publisher.delayed.stop()
	b.mu.Unlock()
	for _, c := range b.children {
		c.close()
	}
	clear(b.children)
}
