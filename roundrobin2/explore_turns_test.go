package roundrobin2

import (
	"slices"
	"strconv"

	"google.golang.org/grpc/balancer"
)

// turns adapts the pickerBuilder to the exploration. It does not change, either.
type turns struct{ pb pickerBuilder }

func (t turns) clone() turns {
	if last := t.pb.last; last != nil {
		t.pb.last = &picker{conns: last.conns}
		t.pb.last.turn.Store(last.turn.Load())
	}
	return t
}

// build returns the turns after these places have become the READY ones.
func (t turns) build(ready []int) []turns {
	if len(ready) == 0 {
		return []turns{t} // base2 asks for no picker
	}
	var conns []balancer.SubConn
	for _, place := range ready {
		conns = append(conns, &named{name: strconv.Itoa(place)})
	}
	t = t.clone()
	t.pb.BuildList(conns, ready)
	if t.pb.next > 0 {
		return []turns{t}
	}
	var all []turns // the first turn is random
	for start := range uint64(len(ready)) {
		t := t.clone()
		t.pb.start = start
		t.pb.last.turn.Store(start)
		all = append(all, t)
	}
	return all
}

func (t turns) pick() (after turns, place int) {
	t = t.clone()
	res, err := t.pb.last.Pick(balancer.PickInfo{})
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
func (t turns) places() []int { return append(slices.Clone(t.pb.places), t.pb.next) }

func (t turns) key(rank func(place int) byte) []byte {
	b := []byte{rank(t.pb.next)}
	if last := t.pb.last; last != nil {
		turn := last.turn.Load()
		b = append(b, byte(turn%uint64(len(last.conns))), bit(turn != t.pb.start))
	}
	for _, place := range t.pb.places {
		b = append(b, rank(place))
	}
	return b
}
