package base2

import (
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

// disconnect closes the policy and makes the child IDLE.
func (c *child[S]) disconnect() {
	if c.policy == nil {
		return
	}
	c.close()
	c.parent.mu.Lock()
	defer c.parent.mu.Unlock()
	c.policy = nil
	c.reconnector = reconnector{}
	c.enterLocked(connectivity.Idle)
}
