package base2_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// lists records the lists of READY endpoints that a policy gets, and copies of them.
type lists struct {
	given, copies [][]readyEndpoint
}

func (l *lists) newPicker(ready []readyEndpoint) balancer.Picker {
	if cap(ready) != len(ready) {
		panic("the slice has spare capacity: an append would overwrite later lists")
	}
	l.given = append(l.given, ready)
	l.copies = append(l.copies, slices.Clone(ready))
	return first(ready)
}

// checkUnchanged checks that no list was changed later.
func (l *lists) checkUnchanged(t *testing.T) {
	t.Helper()
	for i, list := range l.given {
		if !slices.Equal(list, l.copies[i]) {
			t.Fatalf("list %d of %d was changed from %v to %v", i, len(l.given), names(l.copies[i]), names(list))
		}
	}
}

// FuzzLists adds and removes endpoints, connects and fails them. It checks that each
// list has the READY SubConns, once each, in the order of their places; that no place
// changes; and that no list is changed later.
func FuzzLists(f *testing.F) {
	for _, seed := range []string{"\xff\x00\x01\x02\x03", "\xff\x10\x11\x12\x00\x01\x10\xf0\x00", "\xff\x00\x01\x02\x03\x04\x05\x13\x03\x15\xfe\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		l := &lists{}
		cc := balancertest.NewClientConn(t)
		p := cc.Build(readyBuilder("test_policy", l.newPicker))
		defer p.Close()
		known := make(knownPlaces)
		for _, step := range steps {
			play(t, cc, p, step)
			checkLast(t, cc, l, known)
		}
		l.checkUnchanged(t)
	})
}

// play does one step: the lower half of the byte chooses a SubConn, the upper half
// what happens to it. The highest values are resolver updates.
func play(t *testing.T, cc *balancertest.ClientConn, p *balancertest.Policy, step byte) {
	t.Helper()
	if step >= 0xe0 {
		var addrs []string
		for i := range 6 {
			if step&(1<<(i%5)) != 0 || i == 5 {
				addrs = append(addrs, fmt.Sprintf("%d:1", i))
			}
		}
		mustUpdate(t, p, balancertest.Endpoints(addrs...)...)
		return
	}
	live := cc.Live()
	if len(live) == 0 {
		return
	}
	switch sc := live[int(step&0xf)%len(live)]; {
	case sc.State() == stReady:
		sc.Idle()
	case sc.State() == stFailure:
		sc.Idle()
	case !sc.Wanted(): // it was lost too often and pauses
	case step&0x10 == 0:
		sc.Ready()
	default:
		sc.Fail(fmt.Errorf("refused"))
	}
}

// knownPlaces has the places of the endpoints, by their SubConns.
type knownPlaces map[string]int

// checkLast checks the last list.
func checkLast(t *testing.T, cc *balancertest.ClientConn, l *lists, known knownPlaces) {
	t.Helper()
	var ready []string
	for _, sc := range cc.Live() {
		if sc.State() == stReady {
			ready = append(ready, sc.String())
		}
	}
	if len(ready) == 0 {
		return // there is no list
	}
	list := l.given[len(l.given)-1]
	last := names(list)
	var places []int
	for _, r := range list {
		places = append(places, r.Endpoint.Place)
	}
	if got, want := slices.Sorted(slices.Values(last)), slices.Sorted(slices.Values(ready)); !slices.Equal(got, want) {
		t.Fatalf("the list is %v, want %v", got, want)
	}
	if !slices.IsSorted(places) {
		t.Fatalf("the places of %v are %v, want them in order", last, places)
	}
	highest := slices.Max(append(slices.Collect(maps.Values(known)), 0))
	for i, name := range last {
		if place, met := known[name]; met && place != places[i] || !met && places[i] <= highest {
			t.Fatalf("the place of %s is %d; before it was %d, and the last one given %d", name, places[i], place, highest)
		}
	}
	for i, name := range last {
		known[name] = places[i]
	}
}

func names(list []readyEndpoint) []string {
	var names []string
	for _, r := range list {
		names = append(names, fmt.Sprint(r.SubConn))
	}
	return names
}

// Adding is cheap, because a list grows in the spare capacity of the last one.
func TestListsShareTheirMemory(t *testing.T) {
	t.Parallel()
	l := &lists{}
	cc := balancertest.NewClientConn(t)
	p := cc.Build(readyBuilder("test_policy", l.newPicker))
	defer p.Close()
	mustUpdate(t, p, endpoints(50)...)
	connectAll(cc)
	moved := 0
	for i := 1; i < len(l.given); i++ {
		if &l.given[i][0] != &l.given[i-1][0] {
			moved++
		}
	}
	if len(l.given) != 50 || moved > 8 {
		t.Errorf("%d lists, of which %d were copied, want 50 and at most 8", len(l.given), moved)
	}
}

// startDelayed builds a policy with so many READY endpoints that lists are delayed.
func startDelayed(t *testing.T) (*balancertest.ClientConn, *lists, knownPlaces) {
	t.Helper()
	cc, l, known := balancertest.NewClientConn(t), &lists{}, make(knownPlaces)
	p := cc.Build(readyBuilder("test_policy", l.newPicker, base2.WithRebuildCost(buildCost)))
	t.Cleanup(p.Close)
	mustUpdate(t, p, endpoints(150)...)
	connectAll(cc)
	advance(10 * buildCost)
	checkLast(t, cc, l, known)
	return cc, l, known
}

func TestAnEndpointThatIsBackBeforeTheNextListIsInIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, l, known := startDelayed(t)
		cc.Live()[10].Idle() // published at once
		given := len(l.given)
		cc.Live()[20].Idle()
		cc.Live()[20].Ready()
		cc.Live()[10].Ready()
		advance(10 * buildCost)
		if checkLast(t, cc, l, known); len(l.given) != given+1 {
			t.Errorf("%d lists for the last three changes, want 1", len(l.given)-given)
		}
	})
}

// Several endpoints join, leave and come back between two lists.
func TestListsThatArePutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cc, l, known := startDelayed(t)
		for range 300 {
			for range rand.IntN(10) {
				sc := cc.Live()[rand.IntN(150)]
				switch {
				case sc.State() == stReady:
					sc.Idle()
				case sc.Wanted():
					sc.Ready()
				}
			}
			if rand.IntN(3) == 0 {
				advance(10 * buildCost)
				checkLast(t, cc, l, known)
			}
		}
		l.checkUnchanged(t)
	})
}
