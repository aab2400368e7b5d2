package base2

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// endpointBalancer has one child policy per endpoint and aggregates them. Its
// methods are here, except those about configs (config.go), requests of the policy
// (requests.go), pickers (publish.go), errors (errors.go), and SubConns that are shut
// down (conn.go).
type endpointBalancer[S any] struct {
	name         string
	cc           balancer.ClientConn
	opts         balancer.BuildOptions
	options      options
	policy       Policy[S]
	configure    configureFunc // nil if the policy takes no config; mu guards its state
	childBuilder balancer.Builder
	start        time.Time // when it was built
	requests     requests[S]

	// calls is held by resolver updates, Close and carryOut, which call children. It
	// guards the fields below.
	calls    sync.Mutex
	children map[string]*child[S] // by endpointKey
	updates  int32                // number of resolver updates that changed children
	state    resolver.State       // of the last resolver update, for children; without endpoints

	// mu guards the fields below, and the fields of each child that say so. A
	// child's callbacks take it, so no child may be called while it is held.
	mu          sync.Mutex
	order       []*child[S]            // in the resolver's order; changes while calls is held, too
	attributes  *attributes.Attributes // of the last resolver update
	states      stateCounts
	ready       readyList[S]
	resolverErr error              // the resolver's last error, nil after a good update
	updating    bool               // several changes are under way; they end with one picker
	unused      []balancer.SubConn // to shut down after that picker
	closed      bool
	publisher   publisher
}

// UpdateClientConnState implements [balancer.Balancer]. If s has no address, the
// error is [balancer.ErrBadResolverState]. If the policy cannot use the config,
// there is an error too, and nothing changes; if there is no picker yet, RPCs fail
// with that error. A policy of [New] ignores its config.
func (b *endpointBalancer[S]) UpdateClientConnState(s balancer.ClientConnState) error {
	b.calls.Lock()
	defer b.calls.Unlock()
	if err := b.useConfig(s.BalancerConfig); err != nil {
		b.reportRefusal(err)
		return err
	}
	endpoints := endpointsOf(s.ResolverState)
	b.state = s.ResolverState
	if !b.options.skipHealthChecks {
		b.state = pickfirst2.EnableHealthListener(b.state)
	}
	b.state.Endpoints, b.state.Addresses = nil, nil
	b.beginUpdate()
	defer b.endUpdate()
	return b.updateChildren(endpoints, s.ResolverState.Attributes)
}

// beginUpdate makes the changes until endUpdate lead to one picker.
func (b *endpointBalancer[S]) beginUpdate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updating = true
}

func (b *endpointBalancer[S]) endUpdate() {
	for _, conn := range b.publishUpdate() {
		conn.Shutdown()
	}
}

// publishUpdate publishes the picker of a resolver update. It returns the SubConns to
// shut down, which that picker no longer has.
func (b *endpointBalancer[S]) publishUpdate() (unused []balancer.SubConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updating = false
	b.publishLocked()
	unused, b.unused = b.unused, nil
	return unused
}

// updateChildren makes, updates and closes children, so that each endpoint has one.
func (b *endpointBalancer[S]) updateChildren(endpoints []resolver.Endpoint, attrs *attributes.Attributes) error {
	order, gone := b.order, []*child[S](nil)
	unchanged := sameEndpoints(order, endpoints)
	rearranged := !unchanged && !sameOrder(order, endpoints)
	if rearranged {
		order, endpoints, gone = b.arrange(endpoints)
	}
	b.noteUpdate(rearranged, attrs)
	toUpdate, err := b.setChildren(order, endpoints, unchanged)
	for _, c := range toUpdate {
		err = cmp.Or(err, c.update())
	}
	for _, c := range gone {
		c.close()
	}
	return err
}

// noteUpdate records what a resolver update changes apart from the endpoints.
func (b *endpointBalancer[S]) noteUpdate(rearranged bool, attrs *attributes.Attributes) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &b.publisher
	p.errorChanged, p.answerDue = true, true
	p.viewChanged = p.viewChanged || rearranged || b.resolverErr != nil
	p.readyChanged = p.readyChanged || !sameAttributes(b.attributes, attrs)
	b.attributes, b.resolverErr = attrs, nil
}

// sameEndpoints tells whether the children have these endpoints already, attributes
// included. Most resolver updates change nothing; this keeps them cheap.
func sameEndpoints[S any](order []*child[S], endpoints []resolver.Endpoint) bool {
	return slices.EqualFunc(order, endpoints, func(c *child[S], e resolver.Endpoint) bool {
		return sameAddresses(c.resolved, e) && sameAttributes(c.resolved.Attributes, e.Attributes)
	})
}

// sameOrder tells whether the children are already those of the endpoints, which may
// have changed otherwise.
func sameOrder[S any](order []*child[S], endpoints []resolver.Endpoint) bool {
	return slices.EqualFunc(order, endpoints, func(c *child[S], e resolver.Endpoint) bool {
		return sameKeyFast(c.resolved, e) || c.key == endpointKey(e)
	})
}

// arrange finds or makes the child of each endpoint. It leaves out duplicates and
// endpoints without an address. It also returns the children whose endpoints are
// gone.
func (b *endpointBalancer[S]) arrange(endpoints []resolver.Endpoint) (order []*child[S], distinct []resolver.Endpoint, gone []*child[S]) {
	b.updates++
	order = make([]*child[S], 0, len(endpoints))
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
func (b *endpointBalancer[S]) childOf(key string, at int) *child[S] {
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

// setChildren sets the children and their endpoints, and is told whether these are the
// ones they have. It returns the children whose policies need the update, starting at a
// random one. Without endpoints it returns an error.
func (b *endpointBalancer[S]) setChildren(order []*child[S], endpoints []resolver.Endpoint, unchanged bool) ([]*child[S], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = order
	if len(order) == 0 {
		b.resolverErr = errNoAddresses
		return nil, balancer.ErrBadResolverState
	}
	if unchanged && b.ready.len() == len(order) {
		return nil, nil // in READY no policy needs an update that changes nothing
	}
	var toUpdate []*child[S]
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
func (b *endpointBalancer[S]) ResolverError(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resolverErr = err
	b.publisher.errorChanged, b.publisher.viewChanged = true, true
	b.publishLocked()
}

// UpdateSubConnState implements [balancer.Balancer]. gRPC does not call it:
// each SubConn has a listener.
func (b *endpointBalancer[S]) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

// ExitIdle implements [balancer.Balancer]. It may be called from any goroutine at
// any time. Endpoints that connect on request are IDLE until then; others leave IDLE
// by themselves, some after a pause.
func (b *endpointBalancer[S]) ExitIdle() {
	if b.options.onRequest {
		b.askToExitIdle()
	}
}

// Close implements [balancer.Balancer].
func (b *endpointBalancer[S]) Close() {
	b.requests.close()
	b.calls.Lock()
	defer b.calls.Unlock()
	b.mu.Lock()
	b.closed = true
	b.publisher.delayed.stop()
	b.mu.Unlock()
	for _, c := range b.children {
		c.close()
	}
	clear(b.children)
	if policy, ok := b.policy.(closer); ok {
		policy.Close()
	}
}
