package balancertest

import (
	"fmt"
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"
)

// NewSubConn implements [balancer.ClientConn].
func (cc *ClientConn) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return cc.newSubConn(nil, addrs, opts)
}

func (cc *ClientConn) newSubConn(by *Policy, addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	if cc.strict {
		cc.watchNew(addrs)
	}
	cc.mu.Lock()
	defer cc.mu.Unlock()
	if cc.newErr != nil {
		return nil, cc.newErr
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("balancertest: make SubConn: empty address list")
	}
	sc := &SubConn{
		cc:       cc,
		id:       len(cc.subConns),
		policy:   by,
		addrs:    slices.Clone(addrs),
		listener: opts.StateListener,
		state:    connectivity.Idle,
	}
	cc.subConns = append(cc.subConns, sc)
	if cc.log.enabled() {
		cc.log.note("%s: made", sc.labelLocked())
	}
	return sc, nil
}

// RemoveSubConn implements [balancer.ClientConn]. It calls [SubConn.Shutdown].
func (cc *ClientConn) RemoveSubConn(sc balancer.SubConn) { sc.Shutdown() }

// UpdateAddresses implements [balancer.ClientConn]. It calls
// [SubConn.UpdateAddresses].
func (cc *ClientConn) UpdateAddresses(sc balancer.SubConn, addrs []resolver.Address) {
	if fake, ok := sc.(*SubConn); ok {
		fake.UpdateAddresses(addrs)
		return
	}
	cc.tb.Errorf("balancertest: update addresses: SubConn is a %T, not one that NewSubConn returned", sc)
}

// UpdateState implements [balancer.ClientConn].
func (cc *ClientConn) UpdateState(s balancer.State) {
	if cc.strict {
		cc.watchState(s)
	}
	cc.mu.Lock()
	defer cc.mu.Unlock()
	if cc.log.enabled() {
		cc.log.note("policy reports %v, picker %T", s.ConnectivityState, s.Picker)
	}
	cc.states = append(cc.states, s.ConnectivityState)
	cc.last = s
}

// ResolveNow implements [balancer.ClientConn].
func (cc *ClientConn) ResolveNow(resolver.ResolveNowOptions) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.resolveNow++
	if cc.log.enabled() {
		cc.log.note("policy asks for a new resolution")
	}
}

// Target implements [balancer.ClientConn].
func (cc *ClientConn) Target() string {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.target
}

// MetricsRecorder implements [balancer.ClientConn]. The recorder records nothing.
func (cc *ClientConn) MetricsRecorder() stats.MetricsRecorder {
	return stats.UnimplementedMetricsRecorder{}
}

// channel is the ClientConn of one policy. It marks the SubConns that it makes as
// that policy's.
type channel struct {
	*ClientConn
	policy *Policy
}

// NewSubConn implements [balancer.ClientConn].
func (c channel) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return c.newSubConn(c.policy, addrs, opts)
}
