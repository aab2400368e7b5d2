package metrics

import (
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

// channel stands where the policy sees gRPC's channel. It follows the SubConns
// of one instance of a policy. What it does not intercept goes to the embedded
// ClientConn.
type channel struct {
	balancer.ClientConn
	metrics *Metrics
	target  *target

	// What each pick looks at.
	timed atomic.Bool // latency is measured
	waits *waits      // of metrics

	pickers atomic.Uint64 // published

	instruments *grpcinstruments.Scope // gRPC's, that the policy records with

	closed atomic.Bool // set under mu; who must not be overtaken by it reads it there

	// mu guards the fields below and the fields of subConn that say so. No call
	// to gRPC, to the policy or to a method of Metrics is made under it.
	mu         sync.Mutex
	policy     balancer.Balancer                 // nil until it is built
	early      []subConnEvent                    // that it is to hear of when it is
	live       map[*subConn]struct{}             // the SubConns that are counted
	attributes map[string]*attributes.Attributes // of the last update's endpoints, by address; for names only
	state      connectivity.State                // that the policy reported
	since      instant                           // when it first did
}

func newChannel(cc balancer.ClientConn, m *Metrics, key targetKey) *channel {
	c := &channel{
		ClientConn:  cc,
		metrics:     m,
		waits:       &m.waits,
		instruments: m.instruments.NewScope(),
		live:        make(map[*subConn]struct{}),
		since:       m.now(),
		state:       connectivity.Connecting, // what a channel shows until its policy reports
	}
	c.target = m.openTarget(key, c)
	c.timed.Store(m.latency)
	return c
}

// NewSubConn implements [balancer.ClientConn]. What a policy makes after it was
// closed, which gRPC refuses, is not counted: nothing would tell when it goes.
func (c *channel) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	if c.closed.Load() {
		return c.ClientConn.NewSubConn(addrs, opts)
	}
	sc := &subConn{channel: c, since: c.metrics.now()}
	opts.StateListener = sc.stateListener(opts.StateListener)
	inner, err := c.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	sc.SubConn = inner
	sc.backend = c.metrics.acquire(c.target, c.backendName(addrs))
	sc.counts, sc.done = sc.backend.counts, sc.backend.newDone()
	if !c.enter(sc) {
		c.metrics.release(sc.backend)
	}
	return sc, nil
}

// RemoveSubConn implements [balancer.ClientConn].
func (c *channel) RemoveSubConn(sc balancer.SubConn) {
	own, ok := c.own(sc)
	if !ok {
		c.ClientConn.RemoveSubConn(sc)
		return
	}
	c.leave(own)
	c.ClientConn.RemoveSubConn(own.SubConn)
}

// UpdateAddresses implements [balancer.ClientConn].
func (c *channel) UpdateAddresses(sc balancer.SubConn, addrs []resolver.Address) {
	if own, ok := c.own(sc); ok {
		sc = own.SubConn
	}
	c.ClientConn.UpdateAddresses(sc, addrs)
}

// UpdateState implements [balancer.ClientConn].
func (c *channel) UpdateState(s balancer.State) {
	c.noteState(s.ConnectivityState)
	if s.Picker != nil {
		c.target.pickerUpdates.Add(1)
		s.Picker = c.newPicker(s.Picker)
	}
	c.ClientConn.UpdateState(s)
}

func (c *channel) noteState(s connectivity.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s != c.state {
		c.state, c.since = s, c.metrics.now()
	}
}

// own returns sc if this channel made it. Where one metered policy is inside
// another, the SubConns of both are of the same type.
func (c *channel) own(sc balancer.SubConn) (*subConn, bool) {
	own, ok := sc.(*subConn)
	if !ok || own.channel != c {
		return nil, false
	}
	return own, true
}

// close lets go of all that the policy has left open. gRPC shuts those SubConns
// down itself, and tells nobody.
func (c *channel) close() {
	c.mu.Lock()
	first := !c.closed.Swap(true)
	var left []*backend
	for sc := range c.live {
		c.leaveLocked(sc)
		left = append(left, sc.backend)
	}
	c.mu.Unlock()
	if !first {
		return
	}
	for _, b := range left {
		c.metrics.release(b)
	}
	c.instruments.Close()
	c.waits.leaveChannel(c)
	c.metrics.closeTarget(c)
}
