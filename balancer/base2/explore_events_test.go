package base2

import (
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// event is something that gRPC or the resolver does. It names endpoints by number, so that
// positions that differ only in names have the same events: see system.ranks.
type event struct {
	kind     eventKind
	endpoint int                // evConnectivity, evHealth
	state    connectivity.State // evConnectivity, evHealth
	young    bool               // evConnectivity: no second has passed before
	code     codes.Code         // evConnectivity: that the attempt has failed with, or OK
	list     []int              // evUpdate, evStale: the new list; numbers above those listed are of new endpoints
}

type eventKind uint8

const (
	evConnectivity eventKind = iota
	evHealth
	evUpdate
	evStale // a change of a SubConn whose endpoint an update has just dropped
	evResolverError
	evExitIdle
	evWait // until all pauses are over
	evClose
)

// inOrder returns the event with indexes in the resolver's list for numbers. Endpoints
// that an update keeps stay in their order, unless it reorders them.
func (e event) inOrder(ranks []int) event {
	index := func(n int) int {
		if n < len(ranks) {
			return ranks[n]
		}
		return n
	}
	e.endpoint = index(e.endpoint)
	list := make([]int, len(e.list))
	for i, n := range e.list {
		list[i] = index(n)
	}
	if slices.IsSorted(e.list) && !slices.IsSorted(ranks) {
		slices.Sort(list)
	}
	e.list = list
	return e
}

// lines returns the lines of a script, with the names of the endpoints listed now. The
// event must be inOrder.
func (e event) lines(listed []string) []string {
	switch e.kind {
	case evUpdate:
		return []string{e.updateLine(listed)}
	case evStale:
		return []string{e.change(listed) + " and " + e.updateLine(listed)}
	case evResolverError:
		return []string{"resolver error"}
	case evExitIdle:
		return []string{"exit idle"}
	case evWait:
		return []string{"wait 3m"}
	case evClose:
		return []string{"close"}
	case evHealth:
		return []string{listed[e.endpoint] + " health " + e.state.String()}
	}
	if e.young {
		return []string{e.change(listed)}
	}
	return []string{"wait 1s", e.change(listed)}
}

func (e event) change(listed []string) string {
	words := listed[e.endpoint] + " " + e.state.String()
	if e.code != codes.OK {
		words += " " + e.code.String()
	}
	return words
}

func (e event) updateLine(listed []string) string {
	return strings.TrimSpace("update " + strings.Join(e.updated(listed), " | "))
}

// updated returns the names of an update's endpoints.
func (e event) updated(listed []string) (names []string) {
	for _, name := range []string{"a:1", "b:1", "c:1"} {
		if !slices.Contains(listed, name) {
			listed = append(listed, name)
		}
	}
	for _, i := range e.list {
		names = append(names, listed[i])
	}
	return names
}

// events returns what can happen now. The search takes the last ones first, and the last
// ones are the simplest.
func (x exploration) events(m *model, ranks []int) (all []event) {
	for rank, i := range ranks {
		all = append(all, x.staleEvents(m.listed[i], rank, len(ranks))...)
	}
	all = append(all, event{kind: evExitIdle})
	if !x.small {
		all = append(all, event{kind: evClose})
	}
	if x.resolverErrors {
		all = append(all, event{kind: evResolverError})
	}
	pausing := slices.ContainsFunc(m.listed, func(e *modelEndpoint) bool { return e.paused })
	if pausing {
		all = append(all, event{kind: evWait})
	}
	for _, list := range x.lists(len(ranks)) {
		if n := len(ranks) - len(list); !x.small || n >= -1 && n <= 1 {
			all = append(all, event{kind: evUpdate, list: list})
		}
	}
	for rank, i := range ranks {
		all = append(all, x.eventsOf(m.listed[i], rank, pausing)...)
	}
	return all
}

// staleEvents returns updates that drop an endpoint while a change of its SubConn is under
// way.
func (x exploration) staleEvents(e *modelEndpoint, rank, listed int) (all []event) {
	if !x.stale {
		return nil
	}
	var rest []int
	for i := range listed {
		if i != rank {
			rest = append(rest, i)
		}
	}
	for _, state := range e.nextStates() {
		all = append(all, event{kind: evStale, endpoint: rank, state: state, list: rest})
	}
	return all
}

// eventsOf returns what can happen to the SubConn of an endpoint. During a pause of an
// endpoint, which may take less than a second, no time passes.
func (x exploration) eventsOf(e *modelEndpoint, rank int, pausing bool) (all []event) {
	if x.health && e.conn == connectivity.Ready {
		for _, state := range []connectivity.State{connectivity.Ready, connectivity.TransientFailure, connectivity.Connecting} {
			all = append(all, event{kind: evHealth, endpoint: rank, state: state})
		}
	}
	for _, state := range e.nextStates() {
		change := event{kind: evConnectivity, endpoint: rank, state: state, young: e.conn != connectivity.Ready}
		if e.conn == connectivity.Connecting && state == connectivity.Idle && !x.young {
			continue // it would be a young connection
		}
		if change.young || !x.young || !pausing && !e.old {
			all = append(all, change)
		}
		if x.young && !change.young {
			change.young = true
			all = append(all, change)
		}
		if x.young && state == connectivity.TransientFailure {
			change.code = codes.PermissionDenied
			all = append(all, change)
		}
	}
	return all
}

// nextStates returns the states that gRPC can report of the SubConn.
func (e *modelEndpoint) nextStates() []connectivity.State {
	switch {
	case e.conn == connectivity.Connecting:
		return []connectivity.State{connectivity.Ready, connectivity.TransientFailure, connectivity.Idle}
	case e.conn == connectivity.Ready:
		return []connectivity.State{connectivity.Idle, connectivity.TransientFailure, connectivity.Connecting}
	case e.conn == connectivity.TransientFailure:
		return []connectivity.State{connectivity.Idle}
	case !e.paused:
		return []connectivity.State{connectivity.Connecting}
	default:
		return nil
	}
}

// lists returns the lists of an update when n endpoints are listed. New endpoints are
// interchangeable, so they come in one order only.
func (x exploration) lists(n int) [][]int {
	lists, longest := [][]int{nil}, [][]int{nil}
	for range x.endpoints {
		var longer [][]int
		for _, list := range longest {
			for i := range x.endpoints {
				isNext := i < n || i == n || slices.Contains(list, i-1)
				inOrder := x.reorders || len(list) == 0 || i > list[len(list)-1]
				if !slices.Contains(list, i) && isNext && inOrder {
					longer = append(longer, append(slices.Clone(list), i))
				}
			}
		}
		lists, longest = append(lists, longer...), longer
	}
	return lists
}
