package balancertest

import (
	"fmt"
	"slices"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// SubConn is a fake subchannel. The policy uses it as a [balancer.SubConn]; the
// test drives its state.
type SubConn struct {
	// Embedded, as gRPC demands; nil, since each method is defined here.
	balancer.SubConn

	cc       *ClientConn
	id       int
	policy   *Policy // that made it, nil if the test did
	listener func(balancer.SubConnState)

	// Guarded by cc.mu.
	addrs    []resolver.Address
	state    connectivity.State // as the test has set it
	told     connectivity.State // as the policy knows it
	wanted   bool               // Connect was called since the SubConn was last IDLE
	connects int
	shutdown bool
	health   *healthListener // of the present READY period, nil if none
}

// healthListener has an identity, by which a late update to a listener that
// has been replaced is told from one to the present listener.
type healthListener struct {
	notify func(balancer.SubConnState)
}

// Addr returns the first address's Addr.
func (sc *SubConn) Addr() string { return sc.Address().Addr }

// Address returns the first address.
func (sc *SubConn) Address() resolver.Address { return sc.Addresses()[0] }

// Addresses returns the addresses.
func (sc *SubConn) Addresses() []resolver.Address {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return slices.Clone(sc.addrs)
}

// ConnectCalls returns how often the policy called Connect.
func (sc *SubConn) ConnectCalls() int {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.connects
}

// Wanted tells whether the policy has called Connect since the SubConn was last
// IDLE: gRPC would be connecting now.
func (sc *SubConn) Wanted() bool {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.wanted
}

// IsShutdown tells whether the policy has shut the SubConn down.
func (sc *SubConn) IsShutdown() bool {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.shutdown
}

// State returns the state that was set last.
func (sc *SubConn) State() connectivity.State {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.state
}

// String names the SubConn by its number and address.
func (sc *SubConn) String() string {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.labelLocked()
}

// labelLocked is String for those who hold cc.mu.
func (sc *SubConn) labelLocked() string {
	first := sc.addrs[:min(1, len(sc.addrs))] // UpdateAddresses may have left none
	return fmt.Sprintf("SubConn %d to %s", sc.id, addressList(first))
}

// Connect implements [balancer.SubConn].
func (sc *SubConn) Connect() {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	sc.connects++
	if sc.cc.log.enabled() {
		sc.cc.log.note("%s: Connect", sc.labelLocked())
	}
	sc.wanted = sc.wanted || sc.state == connectivity.Idle
}

// Shutdown implements [balancer.SubConn]. The listener hears of it after the
// policy's present call.
func (sc *SubConn) Shutdown() {
	sc.cc.mu.Lock()
	first := !sc.shutdown
	sc.shutdown = true
	sc.state = connectivity.Shutdown
	sc.health = nil
	if first && sc.cc.log.enabled() {
		sc.cc.log.note("%s: Shutdown", sc.labelLocked())
	}
	if first && sc.cc.watching {
		sc.cc.closings = append(sc.cc.closings, closing{sc, sc.cc.last.Picker})
	}
	sc.cc.mu.Unlock()
	if !first {
		return
	}
	sc.cc.serial.later(func() { sc.deliver(balancer.SubConnState{ConnectivityState: connectivity.Shutdown}) })
}

// UpdateAddresses implements [balancer.SubConn].
func (sc *SubConn) UpdateAddresses(addrs []resolver.Address) {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	sc.addrs = slices.Clone(addrs)
}

// GetOrBuildProducer implements [balancer.SubConn]; it builds a new producer on
// each call, with a nil connection.
func (sc *SubConn) GetOrBuildProducer(b balancer.ProducerBuilder) (balancer.Producer, func()) {
	return b.Build(nil)
}

// RegisterHealthListener implements [balancer.SubConn]. As in gRPC, it takes
// effect on a READY SubConn only, until the SubConn's next state change.
func (sc *SubConn) RegisterHealthListener(notify func(balancer.SubConnState)) {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	if sc.told != connectivity.Ready || sc.state != connectivity.Ready {
		return
	}
	sc.health = nil
	if notify == nil {
		return
	}
	listener := &healthListener{notify: notify}
	sc.health = listener
	if !sc.cc.manualHealth {
		sc.cc.serial.later(func() { sc.deliverHealth(listener, balancer.SubConnState{ConnectivityState: connectivity.Ready}) })
	}
}

// Connecting delivers CONNECTING.
func (sc *SubConn) Connecting() {
	sc.cc.tb.Helper()
	sc.SetState(connectivity.Connecting, nil)
}

// Ready delivers READY, after CONNECTING if the SubConn was IDLE.
func (sc *SubConn) Ready() {
	sc.cc.tb.Helper()
	sc.throughConnecting()
	sc.SetState(connectivity.Ready, nil)
}

// Fail delivers TRANSIENT_FAILURE with the cause, after CONNECTING if the
// SubConn was IDLE.
func (sc *SubConn) Fail(cause error) {
	sc.cc.tb.Helper()
	sc.throughConnecting()
	sc.SetState(connectivity.TransientFailure, cause)
}

// Idle delivers IDLE: a READY SubConn has lost its connection, one in
// TRANSIENT_FAILURE has backed off.
func (sc *SubConn) Idle() {
	sc.cc.tb.Helper()
	sc.SetState(connectivity.Idle, nil)
}

func (sc *SubConn) throughConnecting() {
	sc.cc.tb.Helper()
	if sc.State() == connectivity.Idle {
		sc.Connecting()
	}
}

// SetState delivers a state change to the policy and returns when the policy
// has dealt with it. It fails the test if gRPC cannot produce the change. The
// state of a SubConn that is shut down does not change any more.
//
// From inside a call of the policy, such as a wrapped Connect, it returns at once,
// and the policy hears of the change when that call has returned. The same goes
// for the methods that are named for states and for SetHealth.
func (sc *SubConn) SetState(to connectivity.State, cause error) {
	sc.cc.tb.Helper()
	from, wanted, ok := sc.change(to)
	if !ok {
		sc.cc.tb.Fatalf("balancertest: set state of %v: gRPC cannot go from %v to %v (Connect called: %v)", sc, from, to, wanted)
	}
	sc.cc.serial.soon(func() { sc.deliver(balancer.SubConnState{ConnectivityState: to, ConnectionError: cause}) })
}

// change sets the state, unless gRPC could not go there from the present one.
func (sc *SubConn) change(to connectivity.State) (from connectivity.State, wanted, ok bool) {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	from, wanted = sc.state, sc.wanted
	if sc.shutdown {
		return from, wanted, true
	}
	if !canFollow(from, to, wanted) {
		return from, wanted, false
	}
	sc.state = to
	sc.health = nil
	if to == connectivity.Idle {
		sc.wanted = false
	}
	return from, wanted, true
}

// SetHealth delivers a health update to the listener of the present READY
// period. It tells whether there is one.
func (sc *SubConn) SetHealth(state connectivity.State, cause error) bool {
	sc.cc.mu.Lock()
	listener := sc.health
	sc.cc.mu.Unlock()
	if listener == nil {
		return false
	}
	sc.cc.serial.soon(func() {
		sc.deliverHealth(listener, balancer.SubConnState{ConnectivityState: state, ConnectionError: cause})
	})
	return true
}

// deliver runs in the serializer. After SHUTDOWN there is nothing more to tell.
func (sc *SubConn) deliver(s balancer.SubConnState) {
	switch {
	case !sc.tell(s.ConnectivityState):
	case sc.listener != nil:
		sc.listener(s)
	case sc.policy != nil:
		sc.policy.updateSubConnState(sc, s)
	}
}

func (sc *SubConn) tell(state connectivity.State) bool {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	if sc.told == connectivity.Shutdown {
		return false
	}
	sc.told = state
	if sc.cc.log.enabled() {
		sc.cc.log.note("%s: %v", sc.labelLocked(), state)
	}
	return true
}

// deliverHealth runs in the serializer.
func (sc *SubConn) deliverHealth(listener *healthListener, s balancer.SubConnState) {
	sc.cc.mu.Lock()
	present := sc.health == listener
	if present && sc.cc.log.enabled() {
		sc.cc.log.note("%s: health %v", sc.labelLocked(), s.ConnectivityState)
	}
	sc.cc.mu.Unlock()
	if present {
		listener.notify(s)
	}
}

// canFollow tells whether gRPC's addrConn can report to after from.
func canFollow(from, to connectivity.State, connectCalled bool) bool {
	switch from {
	case connectivity.Idle:
		return to == connectivity.Connecting && connectCalled
	case connectivity.Connecting:
		return to == connectivity.Ready || to == connectivity.TransientFailure || to == connectivity.Idle
	case connectivity.Ready, connectivity.TransientFailure:
		return to == connectivity.Idle
	default:
		return false
	}
}
