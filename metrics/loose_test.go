package metrics_test

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// looseConn is a fake channel that does not follow gRPC's rules: its SubConns change
// from any state to any other at any time.
type looseConn struct {
	balancer.ClientConn // nil

	inNewSubConn func() error
	made         []*looseSubConn
	removed      []balancer.SubConn
	updated      []balancer.SubConn
	picker       balancer.Picker
}

func (cc *looseConn) NewSubConn(_ []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	sc := &looseSubConn{listener: opts.StateListener}
	if cc.inNewSubConn != nil {
		if err := cc.inNewSubConn(); err != nil {
			return nil, err
		}
	}
	cc.made = append(cc.made, sc)
	return sc, nil
}

func (cc *looseConn) UpdateState(s balancer.State)      { cc.picker = s.Picker }
func (cc *looseConn) RemoveSubConn(sc balancer.SubConn) { cc.removed = append(cc.removed, sc) }
func (cc *looseConn) UpdateAddresses(sc balancer.SubConn, _ []resolver.Address) {
	cc.updated = append(cc.updated, sc)
}

type looseSubConn struct {
	balancer.SubConn // nil

	listener  func(balancer.SubConnState)
	shutdowns int
	health    []func(balancer.SubConnState) // the listeners registered so far, nil ones included
}

func (sc *looseSubConn) RegisterHealthListener(listener func(balancer.SubConnState)) {
	sc.health = append(sc.health, listener)
}

func (sc *looseSubConn) Connect()       {}
func (sc *looseSubConn) Shutdown()      { sc.shutdowns++ }
func (sc *looseSubConn) String() string { return "loose" }

func (sc *looseSubConn) state(states ...connectivity.State) {
	for _, s := range states {
		sc.listener(balancer.SubConnState{ConnectivityState: s})
	}
}
