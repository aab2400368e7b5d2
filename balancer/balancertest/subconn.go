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
	// gRPC requires implementations to embed the interface. It is nil: this type
	// defines each method.
	balancer.SubConn

	cc       *ClientConn
	id       int
	policy   *Policy // the policy that made it; nil if the test did
	listener func(balancer.SubConnState)

	// Guarded by cc.mu.
	addrs     []resolver.Address
	state     connectivity.State // set by the test
	delivered connectivity.State // last delivered to the policy
	wanted    bool               // Connect was called since the SubConn last became IDLE
	connects  int
	shutdown  bool
	health    *healthListener // of the current READY period; nil if none
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

// ConnectCalls returns the number of Connect calls.
func (sc *SubConn) ConnectCalls() int {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.connects
}

// Wanted reports whether the policy called Connect since the SubConn last became
// IDLE. If so, gRPC would be connecting now.
func (sc *SubConn) Wanted() bool {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.wanted
}

// IsShutdown reports whether the policy has shut the SubConn down.
func (sc *SubConn) IsShutdown() bool {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.shutdown
}

// State returns the state that was set last, even if it was not delivered yet.
func (sc *SubConn) State() connectivity.State {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.state
}

// String returns the SubConn's number and first address.
func (sc *SubConn) String() string {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	return sc.labelLocked()
}

// labelLocked is String for callers that hold cc.mu.
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

// Shutdown implements [balancer.SubConn]. The listener receives SHUTDOWN after the
// policy's current call.
func (sc *SubConn) Shutdown() {
	sc.cc.mu.Lock()
	first := !sc.shutdown
	sc.shutdown = true
	sc.state = connectivity.Shutdown
	sc.health = nil
	if first && sc.cc.log.enabled() {
		sc.cc.log.note("%s: Shutdown", sc.labelLocked())
	}
	if first && sc.cc.recordShutdowns {
		sc.cc.shutdowns = append(sc.cc.shutdowns, shutdownRecord{sc, sc.cc.last.Picker})
	}
	sc.cc.mu.Unlock()
	if !first {
		return
	}
	sc.cc.serial.enqueue(func() { sc.deliver(balancer.SubConnState{ConnectivityState: connectivity.Shutdown}) })
}

// UpdateAddresses implements [balancer.SubConn].
func (sc *SubConn) UpdateAddresses(addrs []resolver.Address) {
	sc.cc.mu.Lock()
	defer sc.cc.mu.Unlock()
	sc.addrs = slices.Clone(addrs)
}

// GetOrBuildProducer implements [balancer.SubConn]. Each call builds a new
// producer, with a nil connection.
func (sc *SubConn) GetOrBuildProducer(b balancer.ProducerBuilder) (balancer.Producer, func()) {
	return b.Build(nil)
}
