//go:build !race

package pickfirst2

import (
	"flag"
	"testing"
)

var deep = flag.Bool("deep", false, "TestExplore visits more positions, which takes a minute or two")

// TestExplore visits every position that a machine can get into. It checks
//
//   - invariants at each transition (explore_invariants_test.go, explore_reports_test.go);
//   - liveness (explore_liveness_test.go): from each position, whatever the order of
//     events, the machine gets to READY if one listed address accepts connections, and
//     to TRANSIENT_FAILURE if none does.
//
// A position is a machine with what gRPC knows about it (explore_position_test.go). In
// each, everything happens that gRPC and the resolver may do (explore_events_test.go).
//
// The search is breadth first. So a failure prints one of the shortest scripts that
// lead to it. Without the indentation (sed 's/^ *//') it is a case for testdata/machine.
//
// It runs without the race detector, which takes many times as long and has nothing to
// find in a machine without goroutines.
//
// Not explored: the shell, which has the mutex, the timer and the pickers; shuffling;
// addresses that differ only in ServerName or attributes; picks from old pickers; how
// long anything takes; more than four addresses. With
//
//	go test ./pickfirst2 -run TestExplore -v -deep
//
// the test visits more positions: those of four addresses, and those of three addresses
// with refused SubConns, with late calls of Connect, or told apart by their errors.
func TestExplore(t *testing.T) {
	t.Parallel()
	two := gatedAndNot(orders("A", "B"))
	three, four := gatedAndNot(orders("A", "B", "C")), gatedAndNot(orders("A", "B", "C", "D"))
	mixed := []string{"update A A", "update A [::1]:1 A", "update A | A B [::1]:1 | B", "update [::1]:1 A | [::1]:1 B"}
	explorations := []exploration{
		{name: "three addresses", updates: three},
		{name: "two addresses, errors", updates: two, errs: true},
		{name: "two addresses, refusals", updates: two, refusals: subsets("A", "B")},
		{name: "two addresses, late", updates: two, late: true},
		{name: "families and duplicates", updates: mixed, named: true},
	}
	if *deep {
		explorations = append(explorations, []exploration{
			{name: "two addresses, all at once", updates: two, refusals: subsets("A", "B"), errs: true, late: true},
			{name: "three addresses, errors", updates: three, errs: true},
			{name: "three addresses, refusals", updates: three, refusals: subsets("A", "B", "C")},
			{name: "three addresses, late", updates: three, late: true},
			{name: "four addresses", updates: four},
		}...)
	}
	for _, x := range explorations {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := newSearch(x)
			if fault, script := s.run(); fault != "" {
				t.Fatalf("%s:\n\n%s", fault, scriptOf(t, fault, script))
			}
			t.Logf("%d positions, %d transitions, depth %d; at most %d rounds to READY or TRANSIENT_FAILURE",
				len(s.nodes), s.transitions, s.depth-1, s.rounds)
		})
	}
}
