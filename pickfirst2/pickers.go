package pickfirst2

import (
	"fmt"

	"google.golang.org/grpc/balancer"
)

// readyPicker sends RPCs to one SubConn.
type readyPicker struct {
	conn balancer.SubConn
}

func (p readyPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.conn}, nil
}

// SubConn is for parent policies; doc.go describes it.
func (p readyPicker) SubConn() balancer.SubConn { return p.conn }

// failingPicker fails RPCs.
type failingPicker struct {
	failure error // without the policy's name
	err     error // with it
}

func newFailingPicker(failure error) failingPicker {
	return failingPicker{failure: failure, err: fmt.Errorf("%s: %w", Name, failure)}
}

func (p failingPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, p.err
}

// Failure is for parent policies; doc.go describes it.
func (p failingPicker) Failure() error { return p.failure }

// idlePicker queues RPCs. Its first pick starts connecting, which leads to
// another picker.
type idlePicker struct {
	exitIdle func() // does something on its first call only
}

func (p idlePicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	p.exitIdle()
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}
