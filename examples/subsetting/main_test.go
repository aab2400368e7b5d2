package main

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachClientUsesItsSubsetEvenly(t *testing.T) {
	t.Parallel()
	// A server without any of 60 clients has a probability of one in 30 million.
	s := settings{servers: 20, subset: 5, few: 4, many: 60}
	r, err := s.run(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range r.clients {
		if len(p.Backends) != s.subset || len(p.Ready()) != s.subset {
			t.Errorf("client %d has series of %d backends, and %d READY, want %d", i+1, len(p.Backends), len(p.Ready()), s.subset)
		}
		for addr, b := range p.Backends {
			if b.Picks != perServer || b.OK() != perServer {
				t.Errorf("client %d: %s has %d picks and %d RPCs OK, want %d", i+1, addr, b.Picks, b.OK(), perServer)
			}
		}
	}
	if len(r.stayed) != s.subset-1 || len(r.came) != 1 {
		t.Errorf("after one server of %d was gone, %v stayed and %v came; want all others, and one new", s.subset, r.stayed, r.came)
	}
	for clients, spread := range map[int]map[string]int{s.few: r.few, s.many: r.many} {
		sum := 0
		for addr, n := range spread {
			if sum += n; n == 0 && clients == s.many {
				t.Errorf("none of %d clients is connected to %s", clients, addr)
			}
		}
		if len(spread) != s.servers || sum != clients*s.subset {
			t.Errorf("%d clients have %d connections to %d servers, want %d to %d", clients, sum, len(spread), clients*s.subset, s.servers)
		}
	}
}

func TestSettingsWithoutASubsetAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []settings{{}, {servers: 5, subset: 5, few: 1, many: 1}, {servers: 5, subset: 1, few: 2, many: 1}, {servers: 5, few: 1, many: 1}} {
		if _, err := s.run(t.Context(), t.Output()); err == nil {
			t.Errorf("run %+v: no error", s)
		}
	}
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := settings{servers: 3, subset: 2, few: 1, many: 2}
	if _, err := s.run(ctx, exampletest.OnText("", cancel)); err == nil {
		t.Error("run: no error, want the error of the interruption")
	}
}
