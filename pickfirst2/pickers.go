package pickfirst2

import "google.golang.org/grpc/balancer"

// readyPicker sends RPCs to one SubConn.
type readyPicker struct {
	conn balancer.SubConn
}

func (p readyPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.conn}, nil
}

// idlePicker starts connecting at the first pick, and has RPCs wait. Once is
// enough: leaving IDLE brings another picker.
type idlePicker struct {
	exitIdle func() // does something on its first call only
}

func (p idlePicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	p.exitIdle()
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}
