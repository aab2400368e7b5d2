package roundrobin2

import (
	"strconv"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// turns adapts the policy to the exploration. It does not change, either.
type turns struct{ policy rotation }

func (t turns) clone() turns {
	if last := t.policy.last; last != nil {
		t.policy.last = &picker{endpoints: last.endpoints}
		t.policy.last.turn.Store(last.turn.Load())
	}
	return t
}

// build returns the turns after these places have become the READY ones.
func (t turns) build(places []int) []turns {
	if len(places) == 0 {
		return []turns{t} // base2 asks for no picker
	}
	var endpoints []ready
	for _, place := range places {
		endpoints = append(endpoints, ready{SubConn: &named{name: strconv.Itoa(place)}, Endpoint: &base2.Endpoint[struct{}]{Place: place}})
	}
	t = t.clone()
	t.policy.newPicker(endpoints)
	if t.policy.next > 0 {
		return []turns{t}
	}
	var all []turns // the first turn is random
	for start := range uint64(len(places)) {
		t := t.clone()
		t.policy.start = start
		t.policy.last.turn.Store(start)
		all = append(all, t)
	}
	return all
}

func (t turns) pick() (after turns, place int) {
	t = t.clone()
	res, err := t.policy.last.Pick(balancer.PickInfo{})
	if err != nil {
		panic(err)
	}
	place, err = strconv.Atoi(res.SubConn.(*named).name)
	if err != nil {
		panic(err)
	}
	return t, place
}

// places returns the places that the turns remember.
func (t turns) places() []int {
	all := []int{t.policy.next}
	if t.policy.last != nil {
		for _, e := range t.policy.last.endpoints {
			all = append(all, e.Endpoint.Place)
		}
	}
	return all
}

func (t turns) key(rank func(place int) byte) []byte {
	b := []byte{rank(t.policy.next)}
	if last := t.policy.last; last != nil {
		turn := last.turn.Load()
		b = append(b, byte(turn%uint64(len(last.endpoints))), bit(turn != t.policy.start))
		for _, e := range last.endpoints {
			b = append(b, rank(e.Endpoint.Place))
		}
	}
	return b
}
