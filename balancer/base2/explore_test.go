//go:build !race

package base2

import (
	"flag"
	"testing"
	"testing/synctest"
)

var deep = flag.Bool("deep", false, "TestExplore visits more positions, which takes a minute or two")

// TestExplore visits every position that a policy with a few endpoints, of one address
// each, can get into. It checks
//
//   - invariants at each transition (explore_invariants_test.go), most of them by a model
//     of what the states should be (explore_model_test.go);
//   - liveness (explore_liveness_test.go): from each position, whatever the order of
//     events, an endpoint that accepts connections becomes READY, and TRANSIENT_FAILURE
//     is reported if none does.
//
// A position is the policy with what gRPC and the model know of it
// (explore_position_test.go). In each, everything happens that gRPC and the resolver may
// do (explore_events_test.go).
//
// It explores the real balancer, which cannot be copied, by walking from position to
// position (explore_search_test.go). If it finds a fault, it begins again, breadth first.
// That is slower, but prints one of the shortest scripts that lead to a fault. Without the
// indentation (sed 's/^ *//') it is a case for testdata/scripts.
//
// It runs without the race detector, which takes many times as long and has nothing to
// find: one goroutine at a time calls the policy.
//
// Not explored: endpoints of several addresses, which TestExplore of pickfirst2 visits;
// those that connect on request; attributes, configs, and policies that ask for pickers;
// the delays of large channels; what happens at the same time. With
//
//	go test ./balancer/base2 -run TestExplore -v -deep
//
// the test visits more positions, most of them of three endpoints.
func TestExplore(t *testing.T) {
	t.Parallel()
	explorations := []exploration{
		{name: "one endpoint, early losses", endpoints: 1, young: true, stale: true},
		{name: "two endpoints", endpoints: 2, reorders: true, resolverErrors: true},
		{name: "two endpoints, health", endpoints: 2, health: true, stale: true},
		{name: "two endpoints, every state", endpoints: 2, reorders: true, everyState: true},
		{name: "three endpoints", endpoints: 3, small: true},
	}
	if *deep {
		explorations = append(explorations, []exploration{
			{name: "two endpoints, all at once", endpoints: 2, reorders: true, resolverErrors: true, stale: true, health: true, everyState: true},
			{name: "two endpoints, early losses", endpoints: 2, young: true},
			{name: "three endpoints, all updates", endpoints: 3, stale: true},
			{name: "three endpoints, health", endpoints: 3, small: true, health: true},
			{name: "three endpoints, every state", endpoints: 3, reorders: true, everyState: true},
		}...)
	}
	for _, x := range explorations {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSearch(t, x, false)
				fault, events := s.run()
				if fault == "" {
					t.Log(s)
					return
				}
				if first, shortest := newSearch(t, x, true).run(); first != "" {
					fault, events = first, shortest
				}
				t.Errorf("%s:\n\n%s", fault, s.scriptOf(fault, events))
			})
		})
	}
}
