package calls

import (
	"context"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// settle connects the channel. It waits until the policy has connected to every
// server that it can reach, or until the timeout. RPCs would work without it, but
// they only wait for the first connection, so the first answers would come from
// only some of the servers.
func (c channel) settle(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c.conn.Connect()
	for state := c.conn.GetState(); state != connectivity.Ready && state != connectivity.TransientFailure; state = c.conn.GetState() {
		if !c.conn.WaitForStateChange(ctx, state) {
			return
		}
	}
	// The metrics count a connection a moment before the policy uses it, so the
	// condition must hold twice in a row.
	seen := 0
	_ = wait.Until(ctx, "the policy has settled", func() (bool, error) {
		policies, err := series.Read(c.meter.gatherer, c.conn.CanonicalTarget())
		if err != nil {
			return false, err
		}
		p, metered := policies[c.policy.Name]
		if !metered {
			return true, nil // no metrics to wait for
		}
		if p.Settled() {
			seen++
		} else {
			seen = 0
		}
		return seen == 2, nil
	}) // if it does not settle, the RPCs will show why
}
