package balancertest

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// watchState fails the test if the policy's report would harm gRPC. Only [Check]
// uses it: other tests may make such reports on purpose.
func (cc *ClientConn) watchState(s balancer.State) {
	if cc.isClosed() {
		cc.tb.Errorf("the policy reported %v after Close; stop its timers and goroutines in Close", s.ConnectivityState)
	}
	if s.ConnectivityState == connectivity.Shutdown {
		cc.tb.Errorf("the policy reported SHUTDOWN, which is the channel's own; report IDLE, CONNECTING, READY or TRANSIENT_FAILURE")
	}
	if s.Picker == nil {
		cc.tb.Errorf("the policy reported %v with a nil picker; use base.NewErrPicker(balancer.ErrNoSubConnAvailable) to queue RPCs", s.ConnectivityState)
	}
}

// watchNew fails the test if the policy makes a SubConn after Close.
func (cc *ClientConn) watchNew(addrs []resolver.Address) {
	if cc.isClosed() {
		cc.tb.Errorf("the policy made a SubConn to %s after Close; stop its timers and goroutines in Close", addressList(addrs))
	}
}

func (cc *ClientConn) isClosed() bool {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.closed
}

// shutdownRecord is a SubConn that the policy shut down, and the picker that RPCs
// used at that moment.
type shutdownRecord struct {
	sc     *SubConn
	picker balancer.Picker
}

// watchShutdowns makes the channel record each Shutdown from now on.
func (cc *ClientConn) watchShutdowns() {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.recordShutdowns = true
}

// takeShutdowns returns the Shutdowns recorded since the last call.
func (cc *ClientConn) takeShutdowns() []shutdownRecord {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	recorded := cc.shutdowns
	cc.shutdowns = nil
	return recorded
}
