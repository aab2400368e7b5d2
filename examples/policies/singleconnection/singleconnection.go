// Package singleconnection is a load-balancing policy that keeps one connection, to a
// random endpoint, and moves to another endpoint when the program says so. It is for
// clients that mostly hold long streams, of servers that have many clients: each
// connection costs the servers, and connections spread over the endpoints only when
// they are made. So after a restart of a server its clients are on the others, until
// they move:
//
//	singleconnection.DefaultMover.Move(time.Minute) // at a random time in a minute
//
// A channel that moves connects to the new endpoint first. Its RPCs use the old
// connection until the new one is READY. RPCs that have begun end where they are;
// gRPC closes the old connection after the last of them. If no other endpoint can be
// reached, the channel stays where it is.
//
// If the endpoint fails, the channel connects to another one at once. While all fail,
// it tries them all, and keeps the first that can be reached.
//
// This service config selects the policy, which has no config of its own:
//
//	{"loadBalancingConfig": [{"single_connection": {}}]}
//
// The policy is not for clients that send more RPCs than one server can handle, nor
// for programs with few clients: these would leave servers without work.
package singleconnection

import (
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "single_connection"

// DefaultMover moves the channels of the policy that this package registers.
var DefaultMover = new(Mover)

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder(DefaultMover))) }

// NewBuilder returns the policy without metrics. The mover moves its channels.
func NewBuilder(mover *Mover) balancer.Builder {
	newPolicy := func(c *base2.Channel) *policy {
		p := &policy{channel: c, mover: mover}
		mover.add(p)
		return p
	}
	return base2.New(Name, newPolicy, base2.WithConnectOnRequest())
}

type (
	endpoint = base2.Endpoint[struct{}]
	view     = base2.View[struct{}]
)

// policy is the policy of one channel.
type policy struct {
	channel *base2.Channel
	mover   *Mover
	moving  atomic.Bool // it is to use another endpoint than current

	// Used only by NewPicker.
	current *endpoint // has the RPCs, or had them last; nil at first
	trying  *endpoint // was asked to connect last
}

// move has the policy use another endpoint.
func (p *policy) move() {
	p.moving.Store(true)
	p.channel.Rebuild()
}

// Close implements base2's optional method of a policy.
func (p *policy) Close() { p.mover.remove(p) }

// NewPicker implements [base2.Policy].
func (p *policy) NewPicker(v view) balancer.Picker {
	conn := p.choose(v)
	if conn == nil || p.moving.Load() {
		p.connect(v, conn != nil)
	}
	if conn != nil && !p.moving.Load() {
		p.disconnectOthers(v)
	}
	if conn == nil {
		return base.NewErrPicker(v.PickError())
	}
	return picker{conn}
}

// choose returns where RPCs go, or nil if no endpoint is READY. It leaves the current
// endpoint if that is lost, or if the policy is moving.
func (p *policy) choose(v view) (conn balancer.SubConn) {
	var other *base2.Ready[struct{}]
	for _, r := range v.Ready() {
		if r.Endpoint == p.current {
			conn = r.SubConn
		} else {
			other = &r
		}
	}
	if other != nil && (conn == nil || p.moving.Load()) {
		p.current, conn = other.Endpoint, other.SubConn
		p.moving.Store(false)
	}
	return conn
}

// connect has one endpoint connect, unless one is connecting already. It prefers
// others to the current one, which has failed if the policy is not moving. When all
// others have failed, the policy stays where it is.
func (p *policy) connect(v view, connected bool) {
	var idle []*endpoint
	for s := range v.All() {
		switch {
		case s.State == connectivity.Connecting:
			return
		case s.State != connectivity.Idle:
		case s.Endpoint == p.trying: // it has not begun to connect, or lost the connection
			p.trying.Connect()
			return
		case s.Endpoint != p.current:
			idle = append(idle, s.Endpoint)
		}
	}
	switch {
	case len(idle) > 0:
		p.trying = idle[rand.IntN(len(idle))]
		p.trying.Connect()
	case connected:
		p.moving.Store(false)
	case p.current != nil:
		p.current.Connect()
	}
}

// disconnectOthers leaves the current endpoint alone with a connection.
func (p *policy) disconnectOthers(v view) {
	p.trying = nil
	for s := range v.All() {
		if s.Endpoint != p.current && s.State != connectivity.Idle {
			s.Endpoint.Disconnect()
		}
	}
}

// picker picks its SubConn.
type picker struct{ conn balancer.SubConn }

// Pick implements [balancer.Picker].
func (p picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.conn}, nil
}
