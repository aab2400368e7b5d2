package base2_test

import (
	"fmt"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// The policy of ExampleWithEveryState needs one connection, to the first endpoint that
// does not fail. Here it makes no others.
func ExampleWithConnectOnRequest() {
	builder := base2.New("first_listed", newFirstListed, base2.WithConnectOnRequest())
	fmt.Println(builder.Name())
	// Output: first_listed
}

// A sidecar that has no health service is READY when it is connected.
func ExampleWithoutHealthChecks() {
	builder := base2.New("first_listed", newFirstListed, base2.WithEveryState(), base2.WithoutHealthChecks())
	fmt.Println(builder.Name())
	// Output: first_listed
}

// drained is a Policy that lets go of endpoints on request, for example of those that
// an operator is about to stop.
type drained struct {
	channel *base2.Channel
	drain   <-chan string // addresses
	closed  chan struct{}

	leaving syncSet
}

func newDrained(drain <-chan string) func(*base2.Channel) *drained {
	return func(c *base2.Channel) *drained {
		d := &drained{channel: c, drain: drain, closed: make(chan struct{})}
		go d.listen()
		return d
	}
}

// listen runs until Close.
func (d *drained) listen() {
	for {
		select {
		case addr := <-d.drain:
			d.leaving.add(addr)
			d.channel.Rebuild() // leads to NewPicker
		case <-d.closed:
			return
		}
	}
}

func (d *drained) Close() { close(d.closed) }

func (d *drained) NewPicker(view base2.View[struct{}]) balancer.Picker {
	for s := range view.All() {
		if d.leaving.has(s.Endpoint.Key()) {
			s.Endpoint.Disconnect()
		}
	}
	ready := view.Ready()
	return endpointPicker{view.Status(ready[len(ready)-1].Endpoint)}
}

// A signal from outside leads to a new picker, which lets go of an endpoint.
func ExampleChannel_Rebuild() {
	drain := make(chan string)
	builder := base2.New("drained", newDrained(drain))
	fmt.Println(builder.Name())
	// Output: drained
}

// nagging is a Policy that asks the resolver for other endpoints, once per second, for
// as long as an endpoint fails.
type nagging struct {
	channel *base2.Channel
	next    time.Time // when the resolver may be asked again
}

func newNagging(c *base2.Channel) *nagging { return &nagging{channel: c} }

func (n *nagging) NewPicker(view base2.View[struct{}]) balancer.Picker {
	for s := range view.All() {
		if s.State == connectivity.TransientFailure {
			n.ask()
			break
		}
	}
	if ready := view.Ready(); len(ready) > 0 {
		return constPicker{ready[0].SubConn}
	}
	return base.NewErrPicker(view.PickError())
}

func (n *nagging) ask() {
	if time.Now().After(n.next) {
		n.channel.ResolveNow()
		n.next = time.Now().Add(time.Second)
	}
	n.channel.RebuildAfter(time.Until(n.next))
}

func ExampleChannel_RebuildAfter() {
	builder := base2.New("nagging", newNagging, base2.WithEveryState())
	fmt.Println(builder.Name())
	// Output: nagging
}
