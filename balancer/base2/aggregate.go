package base2

import "google.golang.org/grpc/connectivity"

// stateCounts counts children by their state.
type stateCounts [connectivity.Shutdown + 1]int

func (n *stateCounts) add(s connectivity.State)    { n[s]++ }
func (n *stateCounts) remove(s connectivity.State) { n[s]-- }

// aggregate returns the state of the policy.
func (n *stateCounts) aggregate() connectivity.State {
	for _, s := range []connectivity.State{connectivity.Ready, connectivity.Connecting, connectivity.Idle} {
		if n[s] > 0 {
			return s
		}
	}
	return connectivity.TransientFailure
}
