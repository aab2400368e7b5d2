package livestatus

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

// NoState is what the page shows as the state of a backend without subchannels.
const NoState = "NONE"

// UnusableState is how the page names the state of a backend that is READY and
// has no subchannel that gets picks.
const UnusableState = "UNUSABLE"

// StateName returns the name of the backend's state on the page.
func (b *Backend) StateName() string {
	switch {
	case b.Subchannels == 0:
		return NoState
	case b.Ready > 0 && b.Usable() == 0:
		return UnusableState
	}
	return b.State.String()
}
