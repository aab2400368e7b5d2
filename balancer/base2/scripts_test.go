package base2

import (
	"flag"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

var update = flag.Bool("update", false, "write what gRPC sees into the scripts of testdata/scripts")

// TestScripts runs the scripts of testdata/scripts, which have what gRPC sees of a policy
// below each event. A script with a health event is of a policy that follows health.
func TestScripts(t *testing.T) {
	t.Parallel()
	for _, file := range script.Files(t, "testdata/scripts") {
		t.Run(file.Name, func(t *testing.T) {
			t.Parallel()
			var results [][]string
			synctest.Test(t, func(t *testing.T) {
				health := slices.ContainsFunc(file.Events, func(e script.Event) bool { return e.Kind == script.Health })
				s := newSystem(t, exploration{health: health})
				defer s.close()
				for _, e := range file.Events {
					s.do(e)
					synctest.Wait()
					results = append(results, []string{s.what()})
				}
				if _, fault := s.did(); fault != "" {
					t.Error(fault)
				}
			})
			file.Check(t, results, *update)
		})
	}
}
