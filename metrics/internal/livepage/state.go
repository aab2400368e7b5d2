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

// stateName returns the name of the backend's state on the page.
func (b *Backend) stateName() string {
	if b.Subchannels == 0 {
		return noState
	}
	return b.State.String()
}

// stateRank orders backends from the worst state to the best. Backends without
// subchannels come last.
func (b *Backend) stateRank() int {
	if b.Subchannels == 0 {
		return len(states)
	}
	return len(states) - 1 - slices.Index(states, b.State)
}

// stateFilter is a value of the parameter state.
type stateFilter struct {
	name    string
	label   string // in the form
	accepts func(*Backend) bool
}

var stateFilters = newStateFilters()

func newStateFilters() []stateFilter {
	var filters []stateFilter
	for _, s := range states {
		filters = append(filters, stateFilter{s.String(), s.String(), func(b *Backend) bool { return b.Subchannels > 0 && b.State == s }})
	}
	return append(filters,
		stateFilter{noState, "no subchannel", func(b *Backend) bool { return b.Subchannels == 0 }},
		stateFilter{"NOT_READY", "not READY", func(b *Backend) bool { return !b.ready() }})
}

func stateFilterNames() []string {
	names := make([]string, len(stateFilters))
	for i, f := range stateFilters {
		names[i] = f.name
	}
	return names
}
