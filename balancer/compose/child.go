package compose

import (
	"errors"
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

var errClosed = errors.New("compose: create SubConn: the policy is closed")

// child is a child policy, and the ClientConn that it sees. What it does not intercept
// goes to the embedded ClientConn, which is the policy's.
type child[S any] struct {
	balancer.ClientConn
	parent  *policy[S]
	slot    *slot[S]
	builder string // its name

	// Guarded by parent.mu.
	policy balancer.Balancer // nil until it is built and all early events are delivered; it changes only in calls that gRPC serializes
	early  []subConnEvent[S]
	state  balancer.State // reported last
	closed bool           // what it says is ignored
	live   map[*SubConn[S]]struct{}
}

// subConnEvent has the arguments of UpdateSubConnState. A policy gets this call for
// SubConns that it made without a StateListener.
type subConnEvent[S any] struct {
	subConn *SubConn[S]
	state   balancer.SubConnState
}

// newChild builds a child. The slot knows it before, because it may report from inside
// Build.
func newChild[S any](p *policy[S], s *slot[S], b balancer.Builder) *child[S] {
	c := &child[S]{ClientConn: p.cc, parent: p, slot: s, builder: b.Name(), state: connecting(), live: make(map[*SubConn[S]]struct{})}
	c.enter()
	if built := b.Build(c, p.opts); built != nil {
		c.open(built)
	}
	return c
}

func (c *child[S]) enter() {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	c.slot.addLocked(c)
}

// open passes the events that came before the policy was built on to it, in order.
// gRPC sends none, but they occur if a parent builds its children in goroutines.
func (c *child[S]) open(built balancer.Balancer) {
	for early := c.takeEarly(built); len(early) > 0; early = c.takeEarly(built) {
		for _, e := range early {
			built.UpdateSubConnState(e.subConn, e.state)
		}
	}
}

// takeEarly returns the events kept so far. If there are none, no more are kept from
// now on.
func (c *child[S]) takeEarly(built balancer.Balancer) []subConnEvent[S] {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	early := c.early
	c.early = nil
	if len(early) == 0 {
		c.policy = built
	}
	return early
}

// updateSubConnState passes the event on or, until the policy is built, keeps it.
func (c *child[S]) updateSubConnState(e subConnEvent[S]) {
	if p := c.policyOrKeep(e); p != nil {
		p.UpdateSubConnState(e.subConn, e.state)
	}
}

func (c *child[S]) policyOrKeep(e subConnEvent[S]) balancer.Balancer {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	if c.policy == nil {
		c.early = append(c.early, e)
	}
	return c.policy
}

// close closes the policy, which is ignored already, and shuts down the SubConns that
// it leaves open.
func (c *child[S]) close() {
	if c.policy != nil {
		c.policy.Close()
	}
	for sc := range c.takeLive() {
		sc.grpcSubConn.Shutdown()
	}
}

func (c *child[S]) takeLive() map[*SubConn[S]]struct{} {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	live := c.live
	c.live = nil
	return live
}

func (c *child[S]) isClosed() bool {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	return c.closed
}

// UpdateState implements [balancer.ClientConn].
func (c *child[S]) UpdateState(s balancer.State) {
	p := c.parent
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.closed {
		return
	}
	if s.Picker == nil {
		s.Picker = connecting().Picker // RPCs wait, as in gRPC
	}
	c.state = s
	if c.slot.reportLocked(c) {
		p.publishLocked()
	}
}

// ResolveNow implements [balancer.ClientConn].
func (c *child[S]) ResolveNow(opts resolver.ResolveNowOptions) {
	if !c.isClosed() {
		c.ClientConn.ResolveNow(opts)
	}
}

// NewSubConn implements [balancer.ClientConn].
func (c *child[S]) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	if c.isClosed() {
		return nil, errClosed
	}
	sc := &SubConn[S]{child: c}
	sc.setAddresses(addrs)
	opts.StateListener = sc.stateListener(opts.StateListener)
	inner, err := c.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	sc.grpcSubConn = inner
	if data := c.parent.hooks.data; data != nil {
		sc.data = data(slices.Clone(addrs))
	}
	if !c.track(sc) {
		inner.Shutdown()
		return nil, errClosed
	}
	return sc, nil
}

// track takes note of a new SubConn, unless the child was closed meanwhile.
func (c *child[S]) track(sc *SubConn[S]) bool {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	if c.closed {
		return false
	}
	c.live[sc] = struct{}{}
	return true
}

// RemoveSubConn implements [balancer.ClientConn].
func (c *child[S]) RemoveSubConn(sc balancer.SubConn) { sc.Shutdown() }

// UpdateAddresses implements [balancer.ClientConn].
func (c *child[S]) UpdateAddresses(sc balancer.SubConn, addrs []resolver.Address) {
	if own, ok := c.parent.own(sc); ok {
		own.setAddresses(addrs)
		sc = own.grpcSubConn
	}
	c.ClientConn.UpdateAddresses(sc, addrs)
}
