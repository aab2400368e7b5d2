package pickfirst2

import (
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/resolver"
)

// attemptDelay is the head start of each connection attempt (gRFC A61).
const attemptDelay = 250 * time.Millisecond

var logger = grpclog.Component(Name)

type builder struct{}

// Name implements [balancer.Builder].
func (builder) Name() string { return Name }

// Build implements [balancer.Builder].
func (builder) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	return &pickFirst{cc: cc, machine: newMachine()}
}

// pickFirst is the shell around the machine: it turns calls into events and
// carries out their effects.
type pickFirst struct {
	cc balancer.ClientConn

	// mu makes one event of each call: resolver and SubConn updates come one at
	// a time, but ExitIdle, idle picks and the timer come from anywhere. It is
	// held while effects are carried out; doc.go says what follows for parents.
	mu      sync.Mutex
	machine machine
	timer   *time.Timer // until the next attempt; nil if none is waited for
}

// UpdateClientConnState implements [balancer.Balancer]. It keeps no memory of s.
// Without any address it returns [balancer.ErrBadResolverState]. A config that
// ParseConfig did not return is an error too, and nothing is changed.
func (b *pickFirst) UpdateClientConnState(s balancer.ClientConnState) error {
	cfg, err := configOf(s)
	if err != nil {
		return err
	}
	endpoints := endpointsOf(s.ResolverState)
	if cfg.ShuffleAddressList {
		endpoints = shuffled(endpoints, rand.Float64)
	}
	addrs := addressList(endpoints)
	if len(addrs) == 0 {
		b.update(s.ResolverState, nil, errNoAddresses)
		return balancer.ErrBadResolverState
	}
	b.update(s.ResolverState, addrs, nil)
	return nil
}

func (b *pickFirst) update(s resolver.State, addrs []resolver.Address, reason error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out effects
	b.machine.onAddresses(&out, addrs, healthGateEnabled(s), reason)
	b.runLocked(&out)
}

// ResolverError implements [balancer.Balancer].
func (b *pickFirst) ResolverError(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out effects
	b.machine.onResolverError(&out, err)
	b.runLocked(&out)
}

// UpdateSubConnState implements [balancer.Balancer]. gRPC does not call it:
// each SubConn has a listener.
func (b *pickFirst) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}

// ExitIdle implements [balancer.Balancer]. It may be called from any goroutine at
// any time, and does something only when the policy is IDLE.
func (b *pickFirst) ExitIdle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out effects
	b.machine.onExitIdle(&out)
	b.runLocked(&out)
}

// Close implements [balancer.Balancer]. Nothing is reported from then on, whatever
// is called or heard of SubConns later.
func (b *pickFirst) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out effects
	b.machine.onClose(&out)
	b.runLocked(&out)
}

func (b *pickFirst) connectivityChanged(sub *subchannel, s balancer.SubConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out effects
	b.machine.onConnectivity(&out, sub, s.ConnectivityState, s.ConnectionError)
	b.runLocked(&out)
}

func (b *pickFirst) healthChanged(sub *subchannel, s balancer.SubConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out effects
	b.machine.onHealth(&out, sub, s.ConnectivityState, s.ConnectionError)
	b.runLocked(&out)
}

// runLocked carries out the effects. Those that fail are events themselves and
// may add more.
func (b *pickFirst) runLocked(out *effects) {
	for i := 0; i < len(out.list); i++ {
		switch e := out.list[i]; e.kind {
		case connect:
			b.connectLocked(out, e.sub)
		case watchHealth:
			e.sub.conn.RegisterHealthListener(func(s balancer.SubConnState) { b.healthChanged(e.sub, s) })
		case startTimer:
			b.startTimerLocked()
		case stopTimer:
			b.stopTimerLocked()
		case report:
			b.reportLocked(e)
		}
	}
	for _, sub := range out.shutDowns {
		if sub.conn != nil {
			sub.conn.Shutdown()
		}
	}
}

// connectLocked makes the SubConn if need be. gRPC refuses only when the
// channel is being closed; a parent policy may have other reasons. Either way
// it is a failed attempt.
func (b *pickFirst) connectLocked(out *effects, sub *subchannel) {
	if sub.conn == nil {
		// A list of its own, not a piece of the machine's: a parent may change it.
		conn, err := b.cc.NewSubConn([]resolver.Address{b.machine.addrs[sub.index]}, balancer.NewSubConnOptions{
			StateListener: func(s balancer.SubConnState) { b.connectivityChanged(sub, s) },
		})
		if err != nil {
			b.machine.onConnectivity(out, sub, connectivity.TransientFailure, err)
			return
		}
		sub.conn = conn
	}
	sub.conn.Connect()
}

func (b *pickFirst) startTimerLocked() {
	b.stopTimerLocked()
	var t *time.Timer
	t = time.AfterFunc(attemptDelay, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.timer != t { // it was stopped when it had fired already
			return
		}
		b.timer = nil
		var out effects
		b.machine.onDelayOver(&out)
		b.runLocked(&out)
	})
	b.timer = t
}

func (b *pickFirst) stopTimerLocked() {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
}

func (b *pickFirst) reportLocked(e effect) {
	var picker balancer.Picker
	switch e.state {
	case connectivity.Ready:
		picker = readyPicker{conn: e.sub.conn}
	case connectivity.TransientFailure:
		picker = base.NewErrPicker(e.err)
	case connectivity.Idle:
		picker = idlePicker{exitIdle: sync.OnceFunc(b.ExitIdle)}
	default:
		picker = base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	if logger.V(2) {
		logger.Infof("[%p] reporting %v, error: %v", b, e.state, e.err)
	}
	b.cc.UpdateState(balancer.State{ConnectivityState: e.state, Picker: picker})
}
