// Package priority is a load-balancing policy that prefers some groups of endpoints to
// others, such as those of the own region. RPCs go, in turn, to the READY endpoints of
// the first group that has any. The endpoints of other groups are not even connected,
// until they are needed.
//
// The resolver names the groups, and may change their order at any time:
//
//	state = priority.SetOrder(state, "primary", "backup")
//	endpoint = priority.SetGroup(endpoint, "primary")
//
// Endpoints whose group is not in the order come last, as one group. A client may
// prefer another group: the target dns:///example.com?prefer=backup puts backup first.
//
// This service config selects the policy. The values are the defaults:
//
//		{"loadBalancingConfig": [{"priority": {"failoverAfterSeconds": 1, "disconnectAfterSeconds": 60}}]}
//
//	  - "failoverAfterSeconds": when no endpoint of the groups that are connected has been
//	    READY for this long, be it that they connect or that they fail, the next group
//	    connects too. Meanwhile RPCs wait.
//	  - "disconnectAfterSeconds": when a group has been READY again for this long, the
//	    groups after it disconnect.
//
// The policy is not for groups that are to share the load by weights, nor for a first
// group that is too small for all RPCs: the others get none while one of its endpoints
// is READY.
package priority

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "priority"

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder())) }

// NewBuilder returns the policy without metrics.
func NewBuilder() balancer.Builder {
	return base2.NewConfigured(Name, newPolicy, base2.WithConnectOnRequest())
}

// config is the policy's part of a service config. The package comment describes it.
type config struct {
	FailoverAfterSeconds   float64 `json:"failoverAfterSeconds"`
	DisconnectAfterSeconds float64 `json:"disconnectAfterSeconds"`
}

// Validate implements base2's optional check of a config.
func (c config) Validate() error {
	if c.FailoverAfterSeconds < 0 || c.DisconnectAfterSeconds < 0 {
		return errors.New("failoverAfterSeconds or disconnectAfterSeconds is negative, want 0 for the default, or more")
	}
	return nil
}

// policy is the policy of one channel.
type policy struct {
	channel *base2.Channel
	prefer  string        // the group that comes first, whatever the resolver says; may be empty
	turn    atomic.Uint32 // counts picks

	failoverAfter, disconnectAfter time.Duration

	// Used only by NewPicker, which is called at due: connected changes to wanted then.
	connected, wanted int // number of groups that are to be connected
	due               time.Time
}

func newPolicy(c *base2.Channel) *policy {
	target := c.Target()
	p := &policy{channel: c, prefer: target.URL.Query().Get("prefer"), connected: 1, wanted: 1}
	p.turn.Store(rand.Uint32()) // clients that start together begin at different endpoints
	return p
}

// Configure implements [base2.Configurable].
func (p *policy) Configure(c config) {
	p.failoverAfter = seconds(cmp.Or(c.FailoverAfterSeconds, 1))
	p.disconnectAfter = seconds(cmp.Or(c.DisconnectAfterSeconds, 60))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// NewPicker implements [base2.Policy].
func (p *policy) NewPicker(view base2.View[struct{}]) balancer.Picker {
	groups := groupsOf(view, p.prefer)
	first, ready := firstReady(groups)
	p.connected = min(max(p.connected, first+1), len(groups)) // the groups may have changed
	if len(ready) > 0 {
		p.want(first+1, p.disconnectAfter)
	} else {
		p.want(min(p.connected+1, len(groups)), p.failoverAfter)
	}
	connectFirst(p.connected, groups)
	if len(ready) == 0 {
		return base.NewErrPicker(view.PickError())
	}
	return &picker{ready: ready, turn: &p.turn}
}

// want has n groups connected after the delay. The delay starts with the first of
// several calls in a row that want the same.
func (p *policy) want(n int, delay time.Duration) {
	switch {
	case n == p.connected:
	case n != p.wanted:
		p.due = time.Now().Add(delay)
		p.channel.RebuildAfter(delay)
	case time.Until(p.due) > 0:
		p.channel.RebuildAfter(time.Until(p.due))
	default:
		p.connected = n
	}
	p.wanted = n
}
