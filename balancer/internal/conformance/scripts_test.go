package conformance_test

import (
	"flag"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

var update = flag.Bool("update", false, "write what grpc-go's policies do into the scripts of testdata/scripts")

// TestRowsAgainstGRPCsPolicies runs the scripts of testdata/scripts, which say what
// grpc-go's policies do. Each runs for both pairs of policies, and ends in Close
// after each of its events in turn.
func TestRowsAgainstGRPCsPolicies(t *testing.T) {
	t.Parallel()
	for _, file := range script.Files(t, "testdata/scripts") {
		t.Run(file.Name, func(t *testing.T) {
			t.Parallel()
			manualHealth := slices.ContainsFunc(file.Events, ofHealth)
			results := make([][]string, len(file.Events))
			for _, p := range pairs {
				for n := range file.Events {
					synctest.Test(t, func(t *testing.T) {
						if theirs, ok := runScript(t, p, manualHealth, file.Events[:n+1]); ok {
							results[n] = append(results[n], p.theirs+": "+theirs.String())
						}
					})
				}
			}
			if !t.Failed() {
				file.Check(t, results, *update)
			}
		})
	}
}

// runScript runs events for a pair of policies. It returns what grpc-go's did
// after the last of them, and whether ours did the same after each.
func runScript(t *testing.T, p pair, manualHealth bool, events []script.Event) (theirs observation, ok bool) {
	c := newComparison(t, p, manualHealth)
	defer c.close()
	for _, e := range events {
		if theirs, ok = c.run(e); !ok {
			return theirs, false
		}
	}
	return theirs, true
}

func ofHealth(e script.Event) bool { return e.Kind == script.Health }
