package balancertest

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// Pick picks with the picker that the policy reported last. It returns the SubConn
// that gRPC would use, or the picker's error. If the picker is nil, it returns
// [balancer.ErrNoSubConnAvailable], because gRPC queues the RPC.
func (cc *ClientConn) Pick() (*SubConn, error) {
	cc.tb.Helper()
	sc, _, err := cc.pick()
	return sc, err
}

// RPC picks, and if the pick chose a SubConn, ends the RPC with err: nil, or the
// error that a server answered. If the SubConn is not READY, RPC does what gRPC
// does: it calls Done with a zero [balancer.DoneInfo], which says that nothing was
// sent, and queues the RPC by returning [balancer.ErrNoSubConnAvailable].
// Otherwise it returns the results of [ClientConn.Pick].
func (cc *ClientConn) RPC(err error) (*SubConn, error) {
	cc.tb.Helper()
	sc, done, pickErr := cc.pick()
	if pickErr != nil {
		return nil, pickErr
	}
	info := balancer.DoneInfo{Err: err, BytesSent: true, BytesReceived: true}
	if sc.State() != connectivity.Ready {
		sc, info, pickErr = nil, balancer.DoneInfo{}, balancer.ErrNoSubConnAvailable
	}
	if done != nil {
		done(info)
	}
	return sc, pickErr
}

func (cc *ClientConn) pick() (*SubConn, func(balancer.DoneInfo), error) {
	cc.tb.Helper()
	return cc.pickWith(cc.State().Picker)
}

func (cc *ClientConn) pickWith(picker balancer.Picker) (*SubConn, func(balancer.DoneInfo), error) {
	cc.tb.Helper()
	if picker == nil {
		return nil, nil, balancer.ErrNoSubConnAvailable
	}
	res, err := picker.Pick(balancer.PickInfo{FullMethodName: "/test/Method", Ctx: cc.tb.Context()})
	if err != nil {
		return nil, nil, err
	}
	sc, ok := res.SubConn.(*SubConn)
	if !ok {
		cc.tb.Fatalf("balancertest: pick: SubConn is a %T, not one that NewSubConn returned", res.SubConn)
	}
	if sc.cc != cc {
		cc.tb.Fatalf("balancertest: pick: %v is of another channel", sc)
	}
	return sc, res.Done, nil
}

type queuePicker struct{}

func (queuePicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}
