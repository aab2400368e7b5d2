package balancertest

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// watchState fails the test if gRPC would suffer from what the policy reports.
// [Check] asks for it; other tests may do such things on purpose.
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

// watchNew fails the test if a SubConn is made after Close.
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
