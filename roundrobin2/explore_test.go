package roundrobin2

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestExploreRotation visits each position that a rotation of up to four endpoints
// can get into. Endpoints come, stop being READY, come back and are removed, in any
// order and any number at a time, and there are picks in between. No endpoint may be
// picked twice before another one that stays READY has been picked once. Changes
// without a pick in between leave the turn where it is, so that an endpoint that comes
// back in time has its turn.
//
// The search is breadth first, so a failure comes with one of the shortest ways to
// it. Not explored: concurrent picks, and picks from a picker that was replaced.
func TestExploreRotation(t *testing.T) {
	t.Parallel()
	level, known, transitions, depth := []*position{{}}, map[string]bool{}, 0, 0
	for ; len(level) > 0; depth++ {
		var following []*position
		for _, from := range level {
			for _, to := range from.following() {
				transitions++
				if to.fault != "" {
					t.Fatalf("%s:\n%s", to.fault, strings.Join(to.way(), "\n"))
				}
				if key := to.key(); !known[key] {
					known[key] = true
					following = append(following, to)
				}
			}
		}
		level = following
	}
	t.Logf("%d positions, %d transitions, depth %d", len(known), transitions, depth-1)
}

// mostEndpoints is how many endpoints may be listed at a time.
const mostEndpoints = 4

// position is where the policy can be: the turns, and the endpoints that the resolver lists and
// that have been READY, in the order of their places. It does not change.
type position struct {
	turns     turns
	endpoints []endpoint
	lastPlace int
	turn      int // the place whose turn it is, READY or not; 0 before the first pick

	parent *position
	by     string // the event that led here, and its places
	places []int
	fault  string
}

type endpoint struct {
	place int
	ready bool
	since []int // the places picked since its own last pick, or since it became READY
}

func (r *position) way() []string {
	if r.parent == nil {
		return nil
	}
	return append(r.parent.way(), fmt.Sprint(r.by, " ", r.places))
}

// following returns the positions that can follow.
func (r *position) following() []*position {
	var all []*position
	for ready := range 1 << len(r.endpoints) {
		for joining := range mostEndpoints - len(r.endpoints) + 1 {
			all = append(all, r.become(ready, joining)...)
		}
	}
	anyReady := false
	for i, e := range r.endpoints {
		if e.ready {
			anyReady = true
		} else {
			all = append(all, r.remove(i))
		}
	}
	if anyReady {
		all = append(all, r.pick())
	}
	return all
}

// become makes the endpoints in a bit set READY, and only them and a number of new
// ones. Several positions can follow if the first turn is random.
func (r *position) become(ready, joining int) []*position {
	endpoints := slices.Clone(r.endpoints)
	for i := range endpoints {
		e := &endpoints[i]
		if e.ready = ready>>i&1 == 1; !e.ready {
			e.since = nil
		}
	}
	for i := range joining {
		endpoints = append(endpoints, endpoint{place: r.lastPlace + 1 + i, ready: true})
	}
	var places []int
	for _, e := range endpoints {
		if e.ready {
			places = append(places, e.place)
		}
	}
	var all []*position
	for _, t := range r.turns.build(places) {
		all = append(all, &position{
			turns: t, endpoints: endpoints, lastPlace: r.lastPlace + joining, turn: r.turn,
			parent: r, by: "READY:", places: places,
		})
	}
	return all
}

// remove has the resolver no longer list an endpoint.
func (r *position) remove(i int) *position {
	place := r.endpoints[i].place
	endpoints := slices.Delete(slices.Clone(r.endpoints), i, i+1)
	for i := range endpoints {
		since := slices.Clone(endpoints[i].since)
		endpoints[i].since = slices.DeleteFunc(since, func(p int) bool { return p == place })
	}
	return &position{turns: r.turns, endpoints: endpoints, lastPlace: r.lastPlace, turn: r.turn, parent: r, by: "removed:", places: []int{place}}
}

func (r *position) pick() *position {
	t, picked := r.turns.pick()
	c := &position{turns: t, endpoints: slices.Clone(r.endpoints), lastPlace: r.lastPlace, parent: r, by: "picked:", places: []int{picked}}
	if want := r.readyFrom(r.turn); picked != want && r.turn > 0 {
		c.fault = fmt.Sprintf("%d is picked though it is the turn of %d", picked, want)
	}
	if r.readyFrom(picked) != picked {
		c.fault = fmt.Sprintf("%d is picked and is not READY", picked)
	}
	for i := range c.endpoints {
		e := &c.endpoints[i]
		switch {
		case !e.ready:
		case e.place == picked:
			e.since = nil
		case slices.Contains(e.since, picked):
			c.fault = fmt.Sprintf("%d is picked twice while %d is READY and is not picked", picked, e.place)
		default:
			e.since = append(slices.Clip(e.since), picked)
		}
	}
	c.turn = c.readyFrom(picked + 1)
	return c
}

// readyFrom returns the first READY place that is not before place; after the last
// comes the first.
func (r *position) readyFrom(place int) int {
	first := 0
	for _, e := range r.endpoints {
		switch {
		case !e.ready:
		case e.place >= place:
			return e.place
		case first == 0:
			first = e.place
		}
	}
	return first
}

// key identifies the position. Only the order of the places counts, so each place is
// replaced by its rank.
func (r *position) key() string {
	places := append(r.turns.places(), r.turn, 0)
	for _, e := range r.endpoints {
		places = append(places, e.place)
	}
	slices.Sort(places)
	places = slices.Compact(places)
	rank := func(place int) byte { return byte(slices.Index(places, place)) }
	b := append(r.turns.key(rank), rank(r.turn))
	for _, e := range r.endpoints {
		b = append(b, '/', rank(e.place), bit(e.ready))
		var since [2*mostEndpoints + 3]bool // by rank
		for _, place := range e.since {
			since[rank(place)] = true
		}
		for _, picked := range since {
			b = append(b, bit(picked))
		}
	}
	return string(b)
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}
