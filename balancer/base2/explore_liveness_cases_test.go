package base2

import (
	"strings"
	"testing"

	"google.golang.org/grpc/connectivity"
)

// TestLivenessFindsWhatGetsStuck checks liveness on graphs of positions with two
// endpoints. The first one is looked at.
func TestLivenessFindsWhatGetsStuck(t *testing.T) {
	t.Parallel()
	const (
		idle, connecting, ready, failure = connectivity.Idle, connectivity.Connecting, connectivity.Ready, connectivity.TransientFailure
	)
	type step struct {
		event event
		to    int
	}
	at := func(state, conn connectivity.State) modelEndpoint {
		return modelEndpoint{addr: "a:1", state: state, conn: conn}
	}
	of := func(endpoint int, state connectivity.State, to int) step {
		return step{event{kind: evConnectivity, endpoint: endpoint, state: state}, to}
	}
	pausing := modelEndpoint{addr: "a:1", state: failure, conn: idle, paused: true}
	for _, test := range []struct {
		name  string
		first []modelEndpoint // in each position
		steps [][]step        // from each
		up    bool
		fault string
	}{
		{"it connects", []modelEndpoint{at(connecting, idle), at(connecting, connecting), at(ready, ready)}, [][]step{{of(0, connecting, 1)}, {of(0, ready, 2)}, nil}, true, ""},
		{"it fails", []modelEndpoint{at(connecting, idle), at(connecting, connecting), at(failure, failure)}, [][]step{{of(0, connecting, 1)}, {of(0, failure, 2)}, nil}, false, ""},
		{"it has no step", []modelEndpoint{at(connecting, idle)}, [][]step{nil}, true, "does not come to READY"},
		{"it could only fail", []modelEndpoint{at(connecting, connecting), at(failure, failure)}, [][]step{{of(0, failure, 1)}, nil}, true, "does not come to READY"},
		{"it goes round", []modelEndpoint{at(connecting, idle), at(failure, failure)}, [][]step{{of(0, connecting, 1)}, {of(0, idle, 0)}}, true, "does not come to READY"},
		{
			"the other one takes it back", []modelEndpoint{at(connecting, connecting), at(ready, ready), at(connecting, idle)},
			[][]step{{of(0, ready, 1), of(1, connecting, 2)}, nil, {of(0, connecting, 0)}}, true, "1 steps from READY, accepting connections: true, and 2 after",
		},
		{"it does not stay failed", []modelEndpoint{at(failure, failure), at(connecting, idle)}, [][]step{{of(0, idle, 1)}, nil}, false, "0 steps from TRANSIENT_FAILURE"},
		{"it pauses", []modelEndpoint{pausing, at(connecting, connecting), at(failure, failure)}, [][]step{{{event{kind: evWait}, 1}}, {of(0, failure, 2)}, nil}, false, ""},
		{"its pause has no end", []modelEndpoint{pausing}, [][]step{nil}, false, "does not come to TRANSIENT_FAILURE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			nodes := make([]node, len(test.first))
			for i := range nodes {
				nodes[i].endpoints = []modelEndpoint{test.first[i], at(connecting, idle)}
				for _, s := range test.steps[i] {
					nodes[i].edges = append(nodes[i].edges, edge{s.event, &nodes[s.to], []int{0, 1}})
				}
			}
			fault, _ := nodes[0].livenessFault(0, test.up)
			if (fault == "") != (test.fault == "") || !strings.Contains(fault, test.fault) {
				t.Errorf("fault %q, want %q", fault, test.fault)
			}
		})
	}
}
