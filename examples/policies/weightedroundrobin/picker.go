package weightedroundrobin

import (
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
)

// full is the weight of the heaviest endpoint in a picker. The others have theirs in
// proportion.
const full = 1<<16 - 1

// picker gives RPCs to its endpoints in turn. An endpoint with half the weight of the
// heaviest lets every second turn pass, so RPCs are spread evenly in time. This is the
// static stride scheduler of gRFC A58. It needs no lock: whether an endpoint takes its
// turn follows from the number of the turn. A pick costs as many turns, on average, as
// the heaviest weight is times the mean.
type picker struct {
	endpoints []balancer.SubConn
	weights   []uint64 // of the endpoints
	turn      *atomic.Uint64
}

func newPicker(endpoints []balancer.SubConn, weights []float64, turn *atomic.Uint64) *picker {
	p := &picker{endpoints: endpoints, turn: turn}
	heaviest := slices.Max(weights)
	for _, w := range weights {
		p.weights = append(p.weights, max(1, uint64(w*full/heaviest)))
	}
	return p
}

// Pick implements [balancer.Picker].
func (p *picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	for {
		turn, n := p.turn.Add(1), uint64(len(p.endpoints))
		if i := turn % n; p.takes(i, turn/n) {
			return balancer.PickResult{SubConn: p.endpoints[i]}, nil
		}
	}
}

// takes tells whether an endpoint takes its turn in a round. Its weight adds up from
// round to round; it takes the turns that complete another full one. The heaviest takes
// each. Endpoints of the same weight take theirs in different rounds.
func (p *picker) takes(i, round uint64) bool {
	weight, ahead := p.weights[i], i*full/uint64(len(p.weights))
	return (weight*round+ahead)%full >= full-weight
}
