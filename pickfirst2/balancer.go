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

// attemptDelay is the time between the starts of two attempts (gRFC A61).
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

	// mu guards the fields below. It is held from an event until its effects are
	// carried out; doc.go says what this means for parents.
	mu      sync.Mutex
	machine machine
	timer   timer // until the next attempt
}

// UpdateClientConnState implements [balancer.Balancer]. It keeps no reference to
// s. If s has no address, the error is [balancer.ErrBadResolverState]. If the
// config does not come from ParseConfig, the error wraps ErrBadResolverState and
// nothing changes.
func (b *pickFirst) UpdateClientConnState(s balancer.ClientConnState) error {
	cfg, err := configOf(s)
	if err != nil {
		return err
	}
	endpoints := endpointsToTry(s.ResolverState)
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
// any time. It has an effect only in IDLE.
func (b *pickFirst) ExitIdle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out effects
	b.machine.onExitIdle(&out)
	b.runLocked(&out)
}

// Close implements [balancer.Balancer]. The policy reports nothing after it.
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

// runLocked carries out the effects. A connect that fails is an event, which may
// add effects.
func (b *pickFirst) runLocked(out *effects) {
	for i := 0; i < len(out.list); i++ {
		switch e := out.list[i]; e.kind {
		case connect:
			b.connectLocked(out, e.sub)
		case watchHealth:
			b.watchHealth(e.sub)
		case startTimer:
			b.timer.start(attemptDelay, &b.mu, b.timerFiredLocked)
		case stopTimer:
			b.timer.stop()
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

// watchHealth registers a health listener. The listener lives as long as the
// connection, so it refers only to what it needs, to save memory.
func (b *pickFirst) watchHealth(sub *subchannel) {
	sub.conn.RegisterHealthListener(func(s balancer.SubConnState) { b.healthChanged(sub, s) })
}

// connectLocked makes the SubConn if there is none. A refusal counts as a failed
// attempt: gRPC refuses only while the channel is being closed, but a parent
// policy may have other reasons.
func (b *pickFirst) connectLocked(out *effects, sub *subchannel) {
	if sub.conn == nil {
		// The list is a copy, since a parent may change it.
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

func (b *pickFirst) timerFiredLocked() {
	var out effects
	b.machine.onTimer(&out)
	b.runLocked(&out)
}

func (b *pickFirst) reportLocked(e effect) {
	var picker balancer.Picker
	switch e.state {
	case connectivity.Ready:
		picker = readyPicker{conn: e.sub.conn}
	case connectivity.TransientFailure:
		picker = newFailingPicker(e.err)
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
