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
	// shortLife is how long a connection must live to count as good.
	shortLife = time.Second
	// shortLives is how many connections in a row may be lost earlier without a
	// pause.
	shortLives = 5
)

// reconnector decides when a child that has lost its connection makes another:
// at once, but with growing pauses if its connections are lost again and again
// as soon as they are made. A server that accepts connections and hangs up would
// otherwise be asked for hundreds of them in a second, since gRPC backs off only
// from those that fail. It is guarded by the endpointBalancer's mutex.
type reconnector struct {
	pause timer         // before the next one
	made  time.Duration // when the last connection was made, since the policy was built
	has   bool          // a connection that is not lost
	short int32         // how many connections were lost early, in a row
}

// connected takes note of a new connection.
func (r *reconnector) connected(now time.Duration) { r.made, r.has = now, true }

// lost takes note of the loss of the connection, and returns how long the child
// is to wait before it makes another. gRPC may tell of the loss alone, if it came
// quickly.
func (r *reconnector) lost(now time.Duration) time.Duration {
	if r.has && now-r.made >= shortLife {
		r.short = 0
	} else {
		r.short++
	}
	r.has = false
	if r.short <= shortLives {
		return 0
	}
	return backoffAfter(r.short - shortLives - 1)
}

// backoffAfter returns how long gRPC would wait after that many failed attempts
// and one more.
func backoffAfter(failures int32) time.Duration {
	c := backoff.DefaultConfig
	delay := min(float64(c.BaseDelay)*math.Pow(c.Multiplier, float64(failures)), float64(c.MaxDelay))
	return time.Duration(delay * (1 + c.Jitter*(2*rand.Float64()-1)))
}

func (c *child) noteConnected() {
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	c.reconnector.connected(time.Since(b.start))
}

// reconnect has a child leave IDLE if it is there, because it has lost its
// connection to the address.
func (c *child) reconnect(addr string) {
	if c.mayReconnect(addr) {
		c.policy.ExitIdle()
	}
}

// mayReconnect tells whether the child is to connect now. If it is to wait, it
// counts as failed until then, so that RPCs that have nowhere to go learn why.
func (c *child) mayReconnect(addr string) bool {
	b := c.parent
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.state != connectivity.Idle {
		return false
	}
	pause := c.reconnector.lost(time.Since(b.start))
	if pause == 0 {
		return true
	}
	c.reconnector.pause.start(pause, &b.mu, c.policy.ExitIdle)
	c.leaveLocked()
	c.enterFailedLocked(fmt.Errorf(
		"connect to %s: the last %d connections were each lost within %v; the next attempt follows in %v",
		addr, c.reconnector.short, shortLife, pause.Round(time.Millisecond)))
	b.publishLocked()
	return false
}
