package balancertest

import "google.golang.org/grpc/balancer"

// Pick picks with the picker that the policy reported last. It returns the SubConn
// that gRPC would use, or the picker's error. If the picker is nil, it returns
// [balancer.ErrNoSubConnAvailable], because gRPC queues the RPC.
//
// Pick never calls Done. To test a policy that relies on Done, use [ClientConn.RPC] or
// [ClientConn.Start].
func (cc *ClientConn) Pick() (*SubConn, error) {
	cc.tb.Helper()
	sc, _, err := cc.pickWith(cc.State().Picker, balancer.PickInfo{})
	return sc, err
}

func (cc *ClientConn) pickWith(picker balancer.Picker, info balancer.PickInfo) (*SubConn, balancer.PickResult, error) {
	cc.tb.Helper()
	if picker == nil {
		return nil, balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	}
	if info.FullMethodName == "" {
		info.FullMethodName = "/test/Method"
	}
	if info.Ctx == nil {
		info.Ctx = cc.tb.Context()
	}
	res, err := picker.Pick(info)
	if err != nil {
		return nil, balancer.PickResult{}, err
	}
	sc, ok := res.SubConn.(*SubConn)
	if !ok {
		cc.tb.Fatalf("balancertest: pick: SubConn is a %T, not one that NewSubConn returned", res.SubConn)
	}
	if sc.cc != cc {
		cc.tb.Fatalf("balancertest: pick: %v is of another channel", sc)
	}
	return sc, res, nil
}

type queuePicker struct{}

func (queuePicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}
