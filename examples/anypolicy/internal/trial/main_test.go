package trial_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/trial"
	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forEachPolicy runs a test with each policy, in parallel.
func forEachPolicy(t *testing.T, test func(*testing.T, policies.Setup)) {
	t.Helper()
	for _, s := range policies.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

var opened atomic.Int64

// open opens a trial with its own target, and so its own series.
func open(t *testing.T, s policies.Setup, latency bool) *trial.Trial {
	t.Helper()
	tr, err := trial.Open(s, fmt.Sprint("test-", opened.Add(1)), latency)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// openWarm opens a trial and warms it up.
func openWarm(t *testing.T, s policies.Setup) *trial.Trial {
	t.Helper()
	tr := open(t, s, true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := tr.WarmUp(ctx); err != nil {
		t.Fatal(err)
	}
	return tr
}

// read reads the series and checks that they are consistent for each backend.
func read(t *testing.T, from func() (series.Policy, error)) series.Policy {
	t.Helper()
	p, err := from()
	if err != nil {
		t.Fatal(err)
	}
	for addr, b := range p.Backends {
		if !b.Consistent() {
			t.Errorf("backend %s: %d picks, want the sum of %d repicks, %d RPCs ended and %d in flight",
				addr, b.Picks, b.Repicks, b.Ended(), b.InFlight)
		}
	}
	return p
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	exampletest.Eventually(t, what, func() (bool, any) { return holds(), "the condition does not hold" })
}

// awaitIdle waits until the metrics show no RPC in flight.
func awaitIdle(t *testing.T, tr *trial.Trial) {
	t.Helper()
	eventually(t, "no RPC is in flight", func() bool {
		return read(t, tr.Series).Sum().InFlight == 0 && read(t, tr.ChildSeries).Sum().InFlight == 0
	})
}

// busiest returns the server that the policy picked most.
func busiest(tr *trial.Trial, p series.Policy) *backend.Server {
	most := tr.Servers[0]
	for _, server := range tr.Servers {
		if p.Backends[server.Addr].Picks > p.Backends[most.Addr].Picks {
			most = server
		}
	}
	return most
}
