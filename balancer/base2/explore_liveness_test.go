package base2

import (
	"fmt"

	"google.golang.org/grpc/connectivity"
)

// mostSteps bounds the steps of one endpoint to READY or TRANSIENT_FAILURE: from IDLE
// after a failure, CONNECTING, a loss, a pause, and once more, with its health.
const mostSteps = 8

// livenessFault checks where a fair environment leads, in which gRPC does what it was
// asked to, and connections stay and are healthy. From each position, in any order of the
// endpoints' steps, an endpoint that accepts connections must become READY, and another
// one must come to TRANSIENT_FAILURE, each within mostSteps of its own steps. It must
// stay there. That the policy then reports READY, or TRANSIENT_FAILURE once all endpoints
// are in it, is an invariant.
//
// It is enough to look at single steps: each step of the endpoint brings it one step
// closer, and no step of another one takes it back.
func (s *search) livenessFault() (fault string, events []event) {
	for _, n := range s.nodes {
		for i, e := range n.endpoints {
			for _, up := range []bool{true, false} {
				if !up && e.conn == connectivity.Ready {
					continue // its connection stays
				}
				if fault, shownBy := n.livenessFault(i, up); fault != "" {
					return fault, append(n.path(), shownBy...)
				}
				s.steps = max(s.steps, n.stepsOf(i, up))
			}
		}
	}
	return "", nil
}

// livenessFault checks the i-th endpoint, which accepts connections if it is up.
func (n *node) livenessFault(i int, up bool) (fault string, shownBy []event) {
	name, goal := n.endpoints[i].addr, goalOf(up)
	steps := n.stepsOf(i, up)
	if steps > mostSteps {
		return fmt.Sprintf("%s does not come to %v, accepting connections: %v", name, goal, up), nil
	}
	for _, e := range n.edges {
		if len(e.to.endpoints) != len(n.endpoints) || !e.event.fair(n) {
			continue
		}
		of := e.event.endpoint
		if e.event.kind != evWait && of == i && !e.event.agrees(n, up) {
			continue
		}
		j := e.moved[i]
		if after := e.to.stepsOf(j, up); after > steps {
			return fmt.Sprintf("%s is %d steps from %v, accepting connections: %v, and %d after the last event", name, steps, goal, up, after), []event{e.event}
		}
	}
	return "", nil
}

func goalOf(up bool) connectivity.State {
	if up {
		return connectivity.Ready
	}
	return connectivity.TransientFailure
}

// stepsOf returns how many steps of its own the i-th endpoint is away from its goal.
func (n *node) stepsOf(i int, up bool) (steps int) {
	for ; !n.endpoints[i].reached(goalOf(up)) && steps <= mostSteps; steps++ {
		e, ok := n.stepOf(i, up)
		if !ok {
			return mostSteps + 1
		}
		n, i = e.to, e.moved[i]
	}
	return steps
}

// reached tells whether the endpoint is in the state to stay. A pause is not.
func (e *modelEndpoint) reached(s connectivity.State) bool { return e.state == s && !e.paused }

// stepOf returns the step that the i-th endpoint makes next.
func (n *node) stepOf(i int, up bool) (edge, bool) {
	for _, e := range n.edges {
		own := e.event.kind == evWait && n.endpoints[i].paused || e.event.kind != evWait && e.event.endpoint == i
		if own && e.event.fair(n) && e.event.agrees(n, up) {
			return e, true
		}
	}
	return edge{}, false
}

// fair tells whether the event may happen in a fair environment.
func (e event) fair(n *node) bool {
	switch e.kind {
	case evWait:
		return true
	case evHealth:
		return e.state == connectivity.Ready && n.endpoints[e.endpoint].state != connectivity.Ready
	case evConnectivity:
		conn := n.endpoints[e.endpoint].conn
		return conn != connectivity.Ready && (conn != connectivity.Connecting || e.state != connectivity.Idle)
	default:
		return false
	}
}

// agrees tells whether an attempt that ends does so as it must.
func (e event) agrees(n *node, up bool) bool {
	ends := e.kind == evConnectivity && n.endpoints[e.endpoint].conn == connectivity.Connecting
	return !ends || e.state == goalOf(up)
}
