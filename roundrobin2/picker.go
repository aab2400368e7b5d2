package roundrobin2

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// ready is an endpoint that RPCs can go to. The policy keeps no data of endpoints.
type ready = base2.Ready[struct{}]

// rotation is the policy of one channel. It keeps the rotation from picker to picker.
// While no endpoint is READY, it keeps the last picker.
type rotation struct {
	next int // the place whose turn is next; 0 until newPicker knows of a pick

	last  *picker // nil before the first
	start uint64  // last's first turn
}

// NewPicker implements [base2.Policy].
func (r *rotation) NewPicker(view base2.View[struct{}]) balancer.Picker {
	return r.newPicker(view.Ready())
}

// newPicker follows the places, so that an endpoint that comes back has its old turn.
// Until the first pick, each picker starts at a random endpoint: otherwise the endpoint
// that is READY first would get the first RPC of every client.
func (r *rotation) newPicker(endpoints []ready) *picker {
	r.recordTurn()
	turn := rand.IntN(len(endpoints))
	if r.next > 0 { // if it is not READY, it is the turn of the one after it
		turn, _ = slices.BinarySearchFunc(endpoints, r.next, func(e ready, place int) int { return cmp.Compare(e.Endpoint.Place, place) })
	}
	p := &picker{endpoints: endpoints}
	p.turn.Store(uint64(turn))
	r.last, r.start = p, uint64(turn)
	return p
}

// recordTurn records whose turn is next. If there was no pick from the last picker,
// the turn stays with its endpoint, even if that was not READY in the meantime.
func (r *rotation) recordTurn() {
	if r.last == nil {
		return
	}
	if turn := r.last.turn.Load(); turn != r.start {
		r.next = r.last.at(turn).Endpoint.Place
	}
}

// picker gives RPCs to its endpoints in turn.
type picker struct {
	endpoints []ready
	turn      atomic.Uint64 // index of the next endpoint, modulo their number
}

// Pick implements [balancer.Picker].
func (p *picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.at(p.turn.Add(1) - 1).SubConn}, nil
}

func (p *picker) at(turn uint64) *ready { return &p.endpoints[turn%uint64(len(p.endpoints))] }
