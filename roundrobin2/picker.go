package roundrobin2

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
)

// pickerBuilder keeps the rotation of one channel from picker to picker. While
// no endpoint is READY, it keeps the last picker.
type pickerBuilder struct {
	next int // the place whose turn is next; 0 until BuildList knows of a pick

	last   *picker // nil before the first
	places []int   // of last's SubConns
	start  uint64  // last's first turn
}

// BuildList implements [base2.ListPickerBuilder]. The rotation follows the places,
// so that an endpoint that comes back has its old turn. Until the first pick, each
// picker starts at a random endpoint: otherwise the endpoint that is READY first
// would get the first RPC of every client.
func (pb *pickerBuilder) BuildList(ready []balancer.SubConn, places []int) balancer.Picker {
	pb.recordTurn()
	turn := rand.IntN(len(ready))
	if pb.next > 0 {
		turn, _ = slices.BinarySearch(places, pb.next) // if it is not READY, the one after it
	}
	p := &picker{conns: ready}
	p.turn.Store(uint64(turn))
	pb.last, pb.places, pb.start = p, places, uint64(turn)
	return p
}

// recordTurn records whose turn is next. If there was no pick from the last picker,
// the turn stays with its endpoint, even if that was not READY in the meantime.
func (pb *pickerBuilder) recordTurn() {
	if pb.last == nil {
		return
	}
	if turn := pb.last.turn.Load(); turn != pb.start {
		pb.next = pb.places[turn%uint64(len(pb.places))]
	}
}

// picker gives RPCs to its SubConns in turn.
type picker struct {
	conns []balancer.SubConn
	turn  atomic.Uint64 // index of the next SubConn, modulo len(conns)
}

// Pick implements [balancer.Picker].
func (p *picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	turn := p.turn.Add(1) - 1
	return balancer.PickResult{SubConn: p.conns[turn%uint64(len(p.conns))]}, nil
}
