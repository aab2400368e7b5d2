package selection

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

// NotUsable is the filter for backends that have a subchannel and are not usable: of
// "198 of 200 usable", the other two.
const NotUsable = "NOT_USABLE"

// Filter is a value of the parameter state.
type Filter struct {
	Name    string
	Label   string // in the form
	accepts func(*livestatus.Backend) bool
}

// Filters are all values of the parameter state.
var Filters = newFilters()

func newFilters() []Filter {
	var filters []Filter
	add := func(name, label string) {
		filters = append(filters, Filter{name, label, func(b *livestatus.Backend) bool { return b.StateName() == name }})
	}
	for _, s := range []connectivity.State{connectivity.Ready, connectivity.Connecting, connectivity.Idle, connectivity.TransientFailure} {
		add(s.String(), s.String())
	}
	add(livestatus.UnusableState, "READY, but unusable")
	add(livestatus.NoState, "no subchannel")
	return append(filters,
		Filter{"NOT_READY", "not READY, or unusable", func(b *livestatus.Backend) bool { return b.Usable() == 0 }},
		Filter{NotUsable, "not usable, without those that are gone", func(b *livestatus.Backend) bool { return b.Subchannels > 0 && b.Usable() == 0 }})
}

func filterNames() []string {
	names := make([]string, len(Filters))
	for i, f := range Filters {
		names[i] = f.Name
	}
	return names
}
