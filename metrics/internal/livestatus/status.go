package livestatus

import (
	"cmp"
	"time"

	"google.golang.org/grpc/connectivity"
)

// Key identifies a target under one policy.
type Key struct{ Target, Policy string }

// Compare orders keys by target, then policy.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Target, other.Target), cmp.Compare(k.Policy, other.Policy))
}

// Status is the state of a target under one policy.
type Status struct {
	Instances    []Instance // in any order
	PicksDelayed uint64
	PicksFailed  uint64
	Waiting      int64  // RPC attempts that wait for a pick now
	Folded       uint64 // subchannels to backends above the limit
	Backends     []Backend

	Recent  Recent  // the sums over the backends
	History []Point // of the last minute, oldest first; as dense as the target was looked at
	Events  []Event // the last, newest first
}

// Instance is the state of one policy instance, as the policy reported it. The page
// shows it as the state of a channel.
type Instance struct {
	State connectivity.State
	Since time.Time
}

// Point is what a target did in a stretch of time that ended at At.
type Point struct {
	At                   time.Time
	Span                 time.Duration
	Picks, Ended, Failed uint64
}
