package metrics

import "google.golang.org/grpc/balancer"

// subConnEvent is what a policy hears by UpdateSubConnState of a SubConn that it
// has made without a StateListener.
type subConnEvent struct {
	subConn *subConn
	state   balancer.SubConnState
}

// tell tells the policy. While it is being built there is nobody to tell yet:
// gRPC lets no event happen then, but a parent that builds in a goroutine of its
// own does.
func (c *channel) tell(e subConnEvent) {
	if p := c.listening(e); p != nil {
		p.UpdateSubConnState(e.subConn, e.state)
	}
}

// listening returns the policy or, until it is built, keeps the event.
func (c *channel) listening(e subConnEvent) balancer.Balancer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.policy == nil {
		c.early = append(c.early, e)
	}
	return c.policy
}

// built tells the policy what happened while it was being built. It hears of the
// rest as it happens, and of everything in order.
func (c *channel) built(p balancer.Balancer) {
	for early := c.takeEarly(p); len(early) > 0; early = c.takeEarly(p) {
		for _, e := range early {
			p.UpdateSubConnState(e.subConn, e.state)
		}
	}
}

// takeEarly returns the events that were kept. If there are none, none will be
// from now on.
func (c *channel) takeEarly(p balancer.Balancer) []subConnEvent {
	c.mu.Lock()
	defer c.mu.Unlock()
	early := c.early
	c.early = nil
	if len(early) == 0 {
		c.policy = p
	}
	return early
}
