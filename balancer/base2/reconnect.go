package base2

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
)

const (
	// shortLife is the life below which a connection counts as lost early.
	shortLife = time.Second
	// maxShortLives is the number of connections in a row that may be lost early
	// without a pause.
	maxShortLives = 5
)

// reconnector decides when a child that has lost its connection reconnects: at once,
// or after a pause if too many connections in a row were lost early. The pauses
// grow. gRPC backs off only from attempts that fail: without the pauses, a server
// that accepts connections and hangs up would get hundreds of them per second.
//
// The endpointBalancer's mutex guards it.
type reconnector struct {
	pause     timer         // before the next attempt
	made      time.Duration // time of the last connection, since the policy was built
	hasConn   bool          // the connection made last is not lost
	lostEarly int32         // connections lost early, in a row
}

// connected records a new connection.
func (r *reconnector) connected(now time.Duration) { r.made, r.hasConn = now, true }

// lost records the loss of the connection and returns the pause before the next
// attempt. If the loss came quickly, gRPC may not have reported the connection.
func (r *reconnector) lost(now time.Duration) time.Duration {
	if r.hasConn && now-r.made >= shortLife {
		r.lostEarly = 0
	} else {
		r.lostEarly++
	}
	r.hasConn = false
	if r.lostEarly <= maxShortLives {
		return 0
	}
	return backoffAfter(r.lostEarly - maxShortLives - 1)
}

// backoffAfter returns gRPC's backoff for an attempt that failed after the given
// number of failures.
func backoffAfter(failures int32) time.Duration {
	c := backoff.DefaultConfig
	delay := min(float64(c.BaseDelay)*math.Pow(c.Multiplier, float64(failures)), float64(c.MaxDelay))
	return time.Duration(delay * (1 + c.Jitter*(2*rand.Float64()-1)))
}

func (c *child[S]) noteConnected() {
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.reconnector.connected(time.Since(b.start))
}

// enterIdleLocked takes in a child that has lost its connection, or the attempt at
// one. If it has to pause, it counts as failed meanwhile, so that the errors of RPCs
// say why.
func (c *child[S]) enterIdleLocked(lost *childConn[S]) {
	b := c.parent
	pause := c.reconnector.lost(time.Since(b.start))
	if pause == 0 {
		c.enterLocked(connectivity.Idle)
		return
	}
	c.reconnector.pause.start(pause, &b.mu, c.policy.ExitIdle)
	addr := c.resolved.Addresses[0].Addr
	if lost != nil {
		addr = lost.addr.Addr
	}
	c.enterFailedLocked(fmt.Errorf(
		"connect to %s: the last %d connections were each lost within %v; the next attempt follows in %v",
		addr, c.reconnector.lostEarly, shortLife, pause.Round(time.Millisecond)))
}

// reconnect makes a child that has lost its connection leave IDLE, unless the policy
// has to ask for that.
func (c *child[S]) reconnect() {
	if policy, idle := c.idlePolicy(); idle && policy != nil && !c.parent.options.onRequest {
		policy.ExitIdle()
	}
}
