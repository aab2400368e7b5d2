package livepage

import (
	"slices"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// worstFirst are the names of all states in the order in which the page sorts them.
var worstFirst = []string{
	connectivity.TransientFailure.String(), connectivity.Idle.String(), connectivity.Connecting.String(),
	livestatus.UnusableState, connectivity.Ready.String(), livestatus.NoState,
}

// stateRank orders backends from the worst state to the best, with those that
// have no subchannel last.
func stateRank(b *livestatus.Backend) int { return slices.Index(worstFirst, b.StateName()) }

// notUsableFilter selects the backends that have a subchannel and are not usable: of
// "198 of 200 usable", the other two.
const notUsableFilter = "NOT_USABLE"

// stateFilter is a value of the parameter state.
type stateFilter struct {
	name    string
	label   string // in the form
	accepts func(*livestatus.Backend) bool
}

var stateFilters = newStateFilters()

func newStateFilters() []stateFilter {
	var filters []stateFilter
	add := func(name, label string) {
		filters = append(filters, stateFilter{name, label, func(b *livestatus.Backend) bool { return b.StateName() == name }})
	}
	for _, s := range []connectivity.State{connectivity.Ready, connectivity.Connecting, connectivity.Idle, connectivity.TransientFailure} {
		add(s.String(), s.String())
	}
	add(livestatus.UnusableState, "READY, but unusable")
	add(livestatus.NoState, "no subchannel")
	return append(filters,
		stateFilter{"NOT_READY", "not READY, or unusable", func(b *livestatus.Backend) bool { return b.Usable() == 0 }},
		stateFilter{notUsableFilter, "not usable, without those that are gone", func(b *livestatus.Backend) bool { return b.Subchannels > 0 && b.Usable() == 0 }})
}

func stateFilterNames() []string {
	names := make([]string, len(stateFilters))
	for i, f := range stateFilters {
		names[i] = f.name
	}
	return names
}
