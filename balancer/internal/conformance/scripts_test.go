package conformance_test

import (
	"flag"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

var update = flag.Bool("update", false, "write the results of grpc-go's policies into the scripts in testdata/scripts")

// TestRowsAgainstGRPCsPolicies runs the scripts in testdata/scripts, whose results
// are those of grpc-go's policies. It runs each script for both pairs of policies. It
// also runs each beginning of a script, so that Close comes after every event.
func TestRowsAgainstGRPCsPolicies(t *testing.T) {
	t.Parallel()
	for _, file := range script.Files(t, "testdata/scripts") {
		t.Run(file.Name, func(t *testing.T) {
			t.Parallel()
			manualHealth := slices.ContainsFunc(file.Events, isHealthEvent)
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

// runScript runs events for a pair of policies. It returns what gRPC sees of
// grpc-go's policy at the end, and whether it always saw the same of ours.
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

func isHealthEvent(e script.Event) bool { return e.Kind == script.Health }
