package roundrobin2

import (
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
)

// pickerBuilder keeps the rotation of one channel from picker to picker. While
// no endpoint is READY it holds on to the last one.
type pickerBuilder struct {
	last   *picker // nil before the first
	start  uint64  // the turn that last began with
	picked bool    // there was a pick before last
}

// Build implements [base.PickerBuilder]. SubConns that were in the rotation
// keep their places, new ones join at its end. Until the first pick, whose turn
// it is stays random: else the endpoint that is READY first would get the first
// RPC of every client.
func (pb *pickerBuilder) Build(info base.PickerBuildInfo) balancer.Picker {
	next := &picker{conns: make([]balancer.SubConn, 0, len(info.ReadySCs))}
	var turn uint64
	if pb.last != nil {
		turn = next.keep(pb.last, info.ReadySCs)
		pb.picked = pb.picked || pb.last.turn.Load() != pb.start
	}
	next.join(info.ReadySCs)
	if !pb.picked {
		turn = rand.Uint64N(uint64(len(next.conns)))
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

// keep takes over those of last's SubConns that are still READY, in order, and
// returns whose turn it is: the one whose turn it was, or the first that is
// left after it.
func (p *picker) keep(last *picker, ready map[balancer.SubConn]base.SubConnInfo) (turn uint64) {
	was := last.turn.Load() % uint64(len(last.conns))
	for i, conn := range last.conns {
		if uint64(i) == was {
			turn = uint64(len(p.conns))
		}
		if _, ok := ready[conn]; ok {
			p.conns = append(p.conns, conn)
		}
	}
	return turn
}

// join appends those READY SubConns that are not among the kept ones.
func (p *picker) join(ready map[balancer.SubConn]base.SubConnInfo) {
	if len(p.conns) == len(ready) {
		return
	}
	kept := make(map[balancer.SubConn]bool, len(p.conns))
	for _, conn := range p.conns {
		kept[conn] = true
	}
	for conn := range ready {
		if !kept[conn] {
			p.conns = append(p.conns, conn)
		}
	}
}
