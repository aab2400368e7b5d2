package compose_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	failuresInARow = 3
	ejectionTime   = 30 * time.Second
	picksPerRPC    = 5 // of the child, until one goes to a backend that is not ejected
)

var errAllEjected = errors.New("breaker: the backends have failed too often")

// breaker is a policy that sends no RPCs to a backend for a while when several in a row
// have failed there. Its child chooses among the backends.
type breaker struct {
	publish func()
}

// backend is what the breaker keeps with each SubConn of its child.
type backend struct {
	failures atomic.Int32            // in a row
	done     func(balancer.DoneInfo) // made once, so that picks allocate nothing
}

func (b *backend) ejected() bool { return b.failures.Load() >= failuresInARow }

func newBreaker(i *compose.Instance) compose.Wrapper[*backend] {
	b := &breaker{publish: i.Publish}
	return compose.Wrapper[*backend]{Data: b.data, State: b.state}
}

func (b *breaker) data([]resolver.Address) *backend {
	be := &backend{}
	be.done = func(info balancer.DoneInfo) { b.ended(be, info) }
	return be
}

func (b *breaker) state(child balancer.State) balancer.State {
	child.Picker = &breakerPicker{child.Picker}
	return child
}

func (b *breaker) ended(be *backend, info balancer.DoneInfo) {
	switch {
	case status.Code(info.Err) != codes.Unavailable:
		if info.BytesReceived {
			be.failures.Store(0)
		}
	case be.failures.Add(1) == failuresInARow:
		// Wait-for-ready RPCs that found all backends ejected wait for a new picker.
		time.AfterFunc(ejectionTime, func() {
			be.failures.Store(0)
			b.publish()
		})
	}
}

type breakerPicker struct {
	child balancer.Picker
}

func (p *breakerPicker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	for range picksPerRPC {
		res, err := p.child.Pick(info)
		if err != nil {
			return res, err
		}
		be := res.SubConn.(*compose.SubConn[*backend]).Data()
		if !be.ejected() {
			compose.AddDone(&res, be.done)
			return res, nil
		}
		compose.Discard(res)
	}
	return balancer.PickResult{}, errAllEjected
}

// A circuit breaker around round_robin2. Of two servers one is broken. It gets three
// RPCs, and then no more.
func ExampleWrap() {
	balancer.Register(compose.Wrap("breaker", roundrobin2.NewBuilder(), newBreaker))

	conn, stop := dial("breaker", newServer("good", nil), newServer("bad", errBroken))
	defer stop()
	broken, fine := 0, 0
	for broken < failuresInARow || fine < 20 {
		switch _, err := call(conn); {
		case err == nil:
			fine++
		case status.Convert(err).Message() == "broken":
			broken++
		}
	}
	fmt.Println("The broken server got", broken, "RPCs")
	// Output: The broken server got 3 RPCs
}
