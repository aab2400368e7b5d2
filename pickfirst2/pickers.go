package pickfirst2

import "google.golang.org/grpc/balancer"

// queuePicker has RPCs wait for the next picker.
type queuePicker struct{}

func (queuePicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}

// readyPicker sends RPCs to one SubConn.
type readyPicker struct {
	conn balancer.SubConn
}

func (p readyPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.conn}, nil
}

// failPicker fails RPCs, or has them wait if they are wait-for-ready.
type failPicker struct {
	err error
}

func (p failPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, p.err
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
