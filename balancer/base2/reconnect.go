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
	at        time.Duration // if hasConn: when the connection was made; else: when the next attempt may begin
	hasConn   bool          // the connection made last is not lost
	lostEarly int32         // connections lost early, in a row
}

// connected records a new connection. Times count from when the policy was built.
func (r *reconnector) connected(now time.Duration) { r.at, r.hasConn = now, true }

// lost records the loss of the connection and returns the pause before the next
// attempt. If the loss came quickly, gRPC may not have reported the connection.
func (r *reconnector) lost(now time.Duration) time.Duration {
	if r.hasConn && now-r.at >= shortLife {
		r.lostEarly = 0
	} else {
		r.lostEarly++
	}
	r.letGo(now)
	if r.lostEarly > maxShortLives {
		r.at += backoffAfter(r.lostEarly - maxShortLives - 1)
	}
	return r.rest(now)
}

// letGo records that the policy no longer wants the connection.
func (r *reconnector) letGo(now time.Duration) { r.at, r.hasConn = now, false }

// rest returns how long it is until the next attempt may begin.
func (r *reconnector) rest(now time.Duration) time.Duration { return max(r.at-now, 0) }

// backoffAfter returns gRPC's backoff for an attempt that failed after the given
// number of failures.
func backoffAfter(failures int32) time.Duration {
	c := backoff.DefaultConfig
	delay := min(float64(c.BaseDelay)*math.Pow(c.Multiplier, float64(failures)), float64(c.MaxDelay))
	return time.Duration(delay * (1 + c.Jitter*(2*rand.Float64()-1)))
}

// enterIdleLocked takes in a child that has lost its connection, or the attempt at
// one, unless it has to pause.
func (c *child[S]) enterIdleLocked(lost *childConn[S]) {
	b := c.parent
	pause := c.reconnector.lost(time.Since(b.start))
	if pause == 0 {
		c.enterLocked(connectivity.Idle)
		return
	}
	addr := c.resolved.Addresses[0].Addr
	if lost != nil {
		addr = lost.addr.Addr
	}
	c.pauseLocked(pause, addr)
}

// pauseLocked has a child that is out of the aggregate wait before it connects to addr
// again. It counts as failed meanwhile, so that the errors of RPCs say why.
func (c *child[S]) pauseLocked(pause time.Duration, addr string) {
	c.reconnector.pause.start(pause, &c.parent.mu, c.resume)
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
