package livepage

import (
	"slices"

	"google.golang.org/grpc/connectivity"
)

// states are the states of a subchannel, best first.
var states = []connectivity.State{
	connectivity.Ready, connectivity.Connecting, connectivity.Idle, connectivity.TransientFailure,
}

// better reports whether state a is better than state b.
func better(a, b connectivity.State) bool { return slices.Index(states, a) < slices.Index(states, b) }

// noState is what the page shows as the state of a backend without subchannels.
const noState = "NONE"

// unusableState is how the page names the state of a backend that is READY and
// has no subchannel that gets picks.
const unusableState = "UNUSABLE"

// stateName returns the name of the backend's state on the page.
func (b *Backend) stateName() string {
	switch {
	case b.Subchannels == 0:
		return noState
	case b.Ready > 0 && b.usable() == 0:
		return unusableState
	}
	return b.State.String()
}

// worstFirst are the names of all states in the order in which the page sorts them.
var worstFirst = []string{
	connectivity.TransientFailure.String(), connectivity.Idle.String(), connectivity.Connecting.String(),
	unusableState, connectivity.Ready.String(), noState,
}

// stateRank orders backends from the worst state to the best, with those that
// have no subchannel last.
func (b *Backend) stateRank() int { return slices.Index(worstFirst, b.stateName()) }

// notUsableFilter selects the backends that have a subchannel and are not usable: of
// "198 of 200 usable", the other two.
const notUsableFilter = "NOT_USABLE"

// stateFilter is a value of the parameter state.
type stateFilter struct {
	name    string
	label   string // in the form
	accepts func(*Backend) bool
}

var stateFilters = newStateFilters()

func newStateFilters() []stateFilter {
	var filters []stateFilter
	add := func(name, label string) {
		filters = append(filters, stateFilter{name, label, func(b *Backend) bool { return b.stateName() == name }})
	}
	for _, s := range states {
		add(s.String(), s.String())
	}
	add(unusableState, "READY, but unusable")
	add(noState, "no subchannel")
	return append(filters,
		stateFilter{"NOT_READY", "not READY, or unusable", func(b *Backend) bool { return b.usable() == 0 }},
		stateFilter{notUsableFilter, "not usable, without those that are gone", func(b *Backend) bool { return b.Subchannels > 0 && b.usable() == 0 }})
}

func stateFilterNames() []string {
	names := make([]string, len(stateFilters))
	for i, f := range stateFilters {
		names[i] = f.name
	}
	return names
}
