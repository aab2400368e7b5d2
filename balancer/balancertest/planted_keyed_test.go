package balancertest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// keyFault says what a keyed policy does wrong. With the zero fault it is correct.
type keyFault struct {
	lazy              bool // no fault: endpoints connect when an RPC of their key comes
	pauses            bool // no fault when others are READY: endpoints reconnect after a second
	waitsForAll       bool // all RPCs wait while any endpoint is not READY
	forgets           bool // RPCs of key 1 wait always
	waitsWhenFailing  bool // RPCs wait when no endpoint can be reached
	waitsWhenEmpty    bool // RPCs of key 1 wait when there are no endpoints
	waitsWithResolver bool // RPCs of key 1 wait after a resolver error
	keepsDead         bool // RPCs of key 1 go on choosing a SubConn that was READY once
	shutsDownFirst    bool // shuts the SubConn of key 2 down before it reports a picker without it
}

// keyed builds policies that send an RPC to the endpoint of its key. The RPC waits
// while that endpoint is not READY, unless all have failed.
type keyed struct{ keyFault }

func (keyed) Name() string { return "keyed" }

func (b keyed) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	return &keyedPolicy{keyFault: b.keyFault, cc: cc}
}

type keyOfRPC struct{}

// withKey returns an RPC with the key.
func withKey(key int) balancer.PickInfo {
	return balancer.PickInfo{Ctx: context.WithValue(context.Background(), keyOfRPC{}, key)}
}

type keyedPolicy struct {
	keyFault
	cc        balancer.ClientConn
	endpoints []*keyedEndpoint
	confused  bool             // for waitsWithResolver
	dead      balancer.SubConn // for keepsDead
}

type keyedEndpoint struct {
	addr  string
	sc    balancer.SubConn
	state connectivity.State
}

func (p *keyedPolicy) UpdateClientConnState(s balancer.ClientConnState) error {
	old := p.endpoints
	p.endpoints = nil
	for _, e := range s.ResolverState.Endpoints {
		p.endpoints = append(p.endpoints, p.endpoint(old, e.Addresses))
	}
	gone := slices.DeleteFunc(slices.Clone(old), func(e *keyedEndpoint) bool { return slices.Contains(p.endpoints, e) })
	if i := slices.IndexFunc(gone, func(e *keyedEndpoint) bool { return len(old) > 2 && e == old[2] }); p.shutsDownFirst && i >= 0 {
		gone[i].sc.Shutdown()
	}
	p.report()
	for _, e := range gone {
		e.sc.Shutdown()
	}
	if len(p.endpoints) == 0 {
		return balancer.ErrBadResolverState
	}
	return nil
}

// endpoint returns the old endpoint with the address, or a new one.
func (p *keyedPolicy) endpoint(old []*keyedEndpoint, addrs []resolver.Address) *keyedEndpoint {
	if i := slices.IndexFunc(old, func(e *keyedEndpoint) bool { return e.addr == addrs[0].Addr }); i >= 0 {
		return old[i]
	}
	e := &keyedEndpoint{addr: addrs[0].Addr}
	e.sc, _ = p.cc.NewSubConn(addrs, balancer.NewSubConnOptions{StateListener: func(s balancer.SubConnState) {
		if !slices.Contains(p.endpoints, e) {
			return
		}
		e.state = s.ConnectivityState
		switch {
		case e.state != connectivity.Idle || p.lazy:
		case p.pauses:
			time.AfterFunc(time.Second, e.sc.Connect)
		default:
			e.sc.Connect()
		}
		p.report()
	}})
	if !p.lazy {
		e.sc.Connect()
	}
	return e
}

func (p *keyedPolicy) report() {
	has := func(states ...connectivity.State) bool {
		return slices.ContainsFunc(p.endpoints, func(e *keyedEndpoint) bool { return slices.Contains(states, e.state) })
	}
	s := balancer.State{ConnectivityState: connectivity.TransientFailure}
	switch {
	case has(connectivity.Ready):
		s = balancer.State{ConnectivityState: connectivity.Ready, Picker: p.picker()}
	case has(connectivity.Idle, connectivity.Connecting):
		s = balancer.State{ConnectivityState: connectivity.Connecting, Picker: p.picker()}
	case p.waitsWhenFailing && len(p.endpoints) > 0:
		s.Picker = base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	case p.waitsWhenEmpty && len(p.endpoints) == 0:
		s.Picker = keyedPicker{other: errors.New("no endpoints")}
	default:
		s.Picker = base.NewErrPicker(errors.New("no endpoint can be reached"))
	}
	p.cc.UpdateState(s)
}

// keyedPicker has the SubConn of each key, nil if it is not READY.
type keyedPicker struct {
	ready []balancer.SubConn
	idle  map[int]balancer.SubConn // which RPCs of their keys connect, if the policy is lazy
	other error                    // of the RPCs of keys but 1, if there are no SubConns
}

func (p *keyedPolicy) picker() keyedPicker {
	ready, idle := make([]balancer.SubConn, len(p.endpoints)), make(map[int]balancer.SubConn)
	for i, e := range p.endpoints {
		switch {
		case e.state == connectivity.Ready:
			ready[i] = e.sc
		case e.state == connectivity.Idle && p.lazy:
			idle[i] = e.sc
		}
	}
	if p.waitsForAll && slices.Contains(ready, nil) {
		clear(ready)
	}
	if len(ready) > 1 && (p.forgets || p.confused) {
		ready[1] = nil
	}
	if p.keepsDead && len(ready) > 1 {
		if p.dead == nil {
			p.dead = ready[1]
		}
		ready[1] = p.dead
	} else if p.keepsDead && p.dead != nil {
		ready = append(ready, p.dead)
	}
	return keyedPicker{ready: ready, idle: idle}
}

func (p keyedPicker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	key, ok := info.Ctx.Value(keyOfRPC{}).(int)
	switch {
	case !ok:
		return balancer.PickResult{}, errors.New("the RPC has no key")
	case len(p.ready) == 0 && key == 1:
		return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	case len(p.ready) == 0:
		return balancer.PickResult{}, p.other
	}
	i := key % len(p.ready)
	if sc := p.ready[i]; sc != nil {
		return balancer.PickResult{SubConn: sc}, nil
	}
	if sc := p.idle[i]; sc != nil {
		sc.Connect()
	}
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}

func (p *keyedPolicy) ResolverError(error) {
	p.confused = p.waitsWithResolver
	p.report()
}

func (p *keyedPolicy) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

func (p *keyedPolicy) ExitIdle() {}

func (p *keyedPolicy) Close() {
	for _, e := range p.endpoints {
		e.sc.Shutdown()
	}
	p.endpoints = nil
}
