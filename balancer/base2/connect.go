package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// connect makes an IDLE child connect.
func (c *child[S]) connect() {
	switch policy, idle := c.idlePolicy(); {
	case !idle:
	case policy != nil:
		policy.ExitIdle()
	default:
		c.setPolicy(c.parent.childBuilder.Build(c, c.parent.opts))
		// An error would mean that the endpoint has no address.
		_ = c.update()
	}
}

func (c *child[S]) idlePolicy() (policy balancer.Balancer, idle bool) {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	return c.policy, c.isLocked(connectivity.Idle)
}

func (c *child[S]) setPolicy(policy balancer.Balancer) {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	c.policy = policy
}

// disconnect closes the policy. The child is then IDLE, after a pause if it has to make
// one. An attempt that is given up counts as a lost connection: otherwise a policy that
// tries one endpoint after the other would dial as fast as it can.
func (c *child[S]) disconnect() {
	if c.policy == nil {
		return
	}
	pause := c.giveUp()
	c.close()
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	c.policy = nil
	if pause > 0 {
		c.pauseLocked(pause, c.resolved.Addresses[0].Addr)
	} else {
		c.enterLocked(connectivity.Idle)
	}
}

// giveUp tells the reconnector, and returns the rest of the pause.
func (c *child[S]) giveUp() (pause time.Duration) {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	r, now := &c.reconnector, time.Since(c.parent.start)
	switch connectivity.State(c.state) {
	case connectivity.Ready:
		r.letGo(now)
	case connectivity.Connecting, connectivity.TransientFailure:
		if !r.pause.isRunning() {
			r.lost(now)
		}
	}
	return r.rest(now)
}

// resume connects a child after its pause. A child without a policy becomes IDLE
// instead.
func (c *child[S]) resume() {
	if policy := c.endPause(); policy != nil {
		policy.ExitIdle()
	}
}

func (c *child[S]) endPause() (policy balancer.Balancer) {
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	if c.policy == nil {
		c.leaveLocked()
		c.enterLocked(connectivity.Idle)
		c.parent.publishLocked()
	}
	return c.policy
}
