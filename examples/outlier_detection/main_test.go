package main

import (
	"context"
	"strings"
	"testing"

	"go.uber.org/goleak"
	_ "google.golang.org/grpc/balancer/randomsubsetting" // registers random_subsetting_experimental

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ofASubset is serviceConfig with a policy around it: first the subset is chosen, and then
// outlier detection looks at the backends in it. Here the subset is all of them.
var ofASubset = `{"loadBalancingConfig": [{"random_subsetting_experimental": {"subsetSize": 5, "childPolicy": ` +
	strings.TrimSuffix(strings.TrimPrefix(serviceConfig, `{"loadBalancingConfig": `), "}") + `}}]}`

func TestABackendThatFailsIsEjectedAndReturns(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"alone": serviceConfig, "in a subset": ofASubset} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps, err := run(t.Context(), t.Output(), config)
			if err != nil {
				t.Fatal(err)
			}
			check(t, steps)
		})
	}
}

// check checks that in each step the ejected backend is READY, not usable, and gets no
// picks.
func check(t *testing.T, steps []step) {
	t.Helper()
	ejectedIn := []int{-1, 2, 2, -1} // the index of the backend
	sickIn := []int{-1, -1, 3, -1}   // one that fails and is used
	if len(steps) != len(ejectedIn) {
		t.Fatalf("%d steps, want %d", len(steps), len(ejectedIn))
	}
	for n, step := range steps {
		for i, b := range step.backends {
			ejected, sick := i == ejectedIn[n], i == sickIn[n]
			if b.Ready != 1 || b.Disconnections != 0 {
				t.Errorf("%s: b%d has %d READY subchannels and lost %d connections, want 1 and none", step.title, i+1, b.Ready, b.Disconnections)
			}
			if (b.Usable == 1) == ejected || (b.Unusable["ejected"] == 1) != ejected {
				t.Errorf("%s: b%d: usable %d, unusable %v, want it ejected: %t", step.title, i+1, b.Usable, b.Unusable, ejected)
			}
			if (b.Picks == 0) != ejected {
				t.Errorf("%s: b%d has %d picks, want none only if it is ejected: %t", step.title, i+1, b.Picks, ejected)
			}
			if (b.NotOK() > 0) != sick {
				t.Errorf("%s: b%d has RPCs %v, want failures only of a backend that is sick and used: %t", step.title, i+1, b.RPCs, sick)
			}
		}
	}
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := run(ctx, exampletest.OnText("", cancel), serviceConfig); err == nil {
		t.Error("run: no error, want the error of the interruption")
	}
}
