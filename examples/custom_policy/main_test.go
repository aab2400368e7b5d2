package main

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/policies/peakewma"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The slow server gets a third under round_robin2, and far less under peak_ewma. It is
// so slow that it is the slowest even on a busy machine. The bounds are far from the
// usual values.
func TestTheSlowServerGetsLess(t *testing.T) {
	t.Parallel()
	latencies := []time.Duration{2 * time.Millisecond, 2 * time.Millisecond, 400 * time.Millisecond}
	for policy, most := range map[string]float64{roundrobin2.Name: .5, peakewma.Name: .2} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			r, err := measure(t.Context(), policy, latencies, 6, 2*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0
			for _, n := range r.byServer {
				sum += n
			}
			if r.rpcs < 20 || sum != r.rpcs {
				t.Errorf("the client sent %d RPCs and the servers saw %d, want the same number, at least 20", r.rpcs, sum)
			}
			if got := r.share(2); got > most || policy == roundrobin2.Name && got < .2 {
				t.Errorf("the slow server got %.2f of %d RPCs, want at most %v", got, r.rpcs, most)
			}
		})
	}
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	// The program writes before it sends the first RPC.
	if err := run(ctx, exampletest.OnText("", cancel), time.Hour); err == nil {
		t.Error("run: no error, want the error of the interruption")
	}
}
