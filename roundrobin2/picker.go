package roundrobin2

import (
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
)

// pickerBuilder keeps the rotation of one channel from picker to picker. While
// no endpoint is READY it holds on to the last one.
type pickerBuilder struct {
	last   *picker // nil before the first
	start  uint64  // the turn that last began with
	picked bool    // there was a pick before last
}

// BuildList implements [base2.ListPickerBuilder]. SubConns that were in the
// rotation keep their places, new ones join at its end. Until the first pick,
// whose turn it is stays random: else the endpoint that is READY first would get
// the first RPC of every client.
func (pb *pickerBuilder) BuildList(ready []balancer.SubConn) balancer.Picker {
	next := &picker{conns: ready}
	pb.picked = pb.picked || pb.last != nil && pb.last.turn.Load() != pb.start
	var turn uint64
	if pb.picked {
		turn = pb.last.turnAmong(ready)
	} else {
		turn = rand.Uint64N(uint64(len(ready)))
	}
	next.turn.Store(turn)
	pb.last, pb.start = next, turn
	return next
}

// picker gives RPCs to its SubConns in turn.
type picker struct {
	conns []balancer.SubConn
	turn  atomic.Uint64 // the next one's index, modulo their number
}

// Pick implements [balancer.Picker].
func (p *picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	turn := p.turn.Add(1) - 1
	return balancer.PickResult{SubConn: p.conns[turn%uint64(len(p.conns))]}, nil
}

// turnAmong returns whose turn it is among the SubConns of the next picker: the
// one's whose turn it was, or the first one's that is left after it. It counts
// those before it that are left, which keep their order.
func (p *picker) turnAmong(next []balancer.SubConn) (turn uint64) {
	was := p.turn.Load() % uint64(len(p.conns))
	for _, conn := range p.conns[:was] {
		if turn < uint64(len(next)) && next[turn] == conn {
			turn++
		}
	}
	return turn
}
