package pickfirst2

import (
	"strings"
	"testing"

	"google.golang.org/grpc/connectivity"
)

// TestLivenessTellsSlowFromStuck checks liveness on graphs of two addresses, of which
// the first accepts connections. The last node is the goal.
func TestLivenessTellsSlowFromStuck(t *testing.T) {
	t.Parallel()
	const first, second = 0, 1
	failure := func(to int32) step {
		return step{actor: second, decisive: true, state: connectivity.TransientFailure, to: to}
	}
	for _, test := range []struct {
		name  string
		nodes [][]step // the steps from each
		hang  bool
		fault string
	}{
		{name: "a chain", nodes: [][]step{{{actor: first, to: 1}}, {{actor: first, to: 2}}, {}}},
		{name: "no step", nodes: [][]step{{}, {}}, fault: "nothing more need happen"},
		{name: "no step later", nodes: [][]step{{{actor: first, to: 1}}, {}, {}}, fault: "nothing more need happen"},
		{
			name:  "the second address goes on and on, but the first has a step all the time",
			nodes: [][]step{{{actor: second, to: 1}, {actor: first, to: 2}}, {{actor: second, to: 0}, {actor: first, to: 2}}, {}},
		},
		{
			name:  "the second address goes on and on, and the first loses its step",
			nodes: [][]step{{{actor: second, to: 1}, {actor: first, to: 2}}, {{actor: second, to: 0}}, {}},
			fault: "for ever: address 2 IDLE",
		},
		{
			name:  "both go round",
			nodes: [][]step{{{actor: second, to: 1}, {actor: first, to: 2}}, {{actor: first, to: 0}}, {}},
			fault: "for ever: address 1 IDLE, address 2 IDLE",
		},
		{name: "a failure leads on", nodes: [][]step{{failure(1)}, {}}},
		{name: "a failure that may not come leads on", nodes: [][]step{{failure(1)}, {}}, hang: true, fault: "nothing more need happen"},
		{name: "the delay leads on", nodes: [][]step{{failure(1), {actor: theDelay, to: 1}}, {}}, hang: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var nodes []node
			for _, steps := range test.nodes {
				nodes = append(nodes, node{addrs: 2, fresh: 1 << first, steps: steps})
			}
			nodes[len(nodes)-1].reported = connectivity.Ready
			l := newLiveness(nodes, first, test.hang)
			l.check()
			if (l.fault == "") != (test.fault == "") || !strings.Contains(l.fault, test.fault) {
				t.Errorf("fault %q, want %q", l.fault, test.fault)
			}
		})
	}
}
