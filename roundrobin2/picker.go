package roundrobin2

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
)

// pickerBuilder keeps the rotation of one channel from picker to picker. While
// no endpoint is READY it holds on to the last one.
type pickerBuilder struct {
	due int // the place whose turn it was after the last pick known of; 0 before the first

	last   *picker // nil before the first
	places []int   // of last's SubConns
	start  uint64  // the turn that last began with
}

// BuildList implements [base2.ListPickerBuilder]. The rotation follows the
// places, so that an endpoint that comes back has its old one. Until the first
// pick, whose turn it is stays random: else the endpoint that is READY first
// would get the first RPC of every client.
func (pb *pickerBuilder) BuildList(ready []balancer.SubConn, places []int) balancer.Picker {
	pb.noteTurn()
	turn := rand.IntN(len(ready))
	if pb.due > 0 {
		turn, _ = slices.BinarySearch(places, pb.due) // or whose place is next, if it is not READY
	}
	next := &picker{conns: ready}
	next.turn.Store(uint64(turn))
	pb.last, pb.places, pb.start = next, places, uint64(turn)
	return next
}

// noteTurn notes whose turn it is. If nobody has picked, it is still the turn of
// the one that it was, even if that one was not READY meanwhile.
func (pb *pickerBuilder) noteTurn() {
	if pb.last == nil {
		return
	}
	if turn := pb.last.turn.Load(); turn != pb.start {
		pb.due = pb.places[turn%uint64(len(pb.places))]
	}
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
