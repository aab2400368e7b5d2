package scenario_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/scenario"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var opened atomic.Int64

// open makes a world with series of its own.
func open(t *testing.T, s policies.Setup, latency bool) *scenario.World {
	t.Helper()
	w, err := scenario.Open(s, fmt.Sprint("test-", opened.Add(1)), latency)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func openWarm(t *testing.T, s policies.Setup) *scenario.World {
	t.Helper()
	w := open(t, s, true)
	warm(t, w)
	return w
}

func warm(t *testing.T, w *scenario.World) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Warm(ctx); err != nil {
		t.Fatal(err)
	}
}

// seen reads the policy's metrics, which must obey the law in every scrape.
func seen(t *testing.T, w *scenario.World) view.Policy {
	t.Helper()
	return lawful(t, w.Seen)
}

func children(t *testing.T, w *scenario.World) view.Policy {
	t.Helper()
	return lawful(t, w.Children)
}

func lawful(t *testing.T, read func() (view.Policy, error)) view.Policy {
	t.Helper()
	p, err := read()
	if err != nil {
		t.Fatal(err)
	}
	for addr, b := range p.Backends {
		if b.InFlight < 0 || b.Picks != b.Repicks+b.Finished()+b.InFlight {
			t.Errorf("backend %s: %d picks, want as many as %d repicks, %d RPCs finished and %d in flight",
				addr, b.Picks, b.Repicks, b.Finished(), b.InFlight)
		}
	}
	return p
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(time.Minute)
	for !so() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("within a minute it was not so that %s", what)
		}
	}
}

// quiet waits until all RPCs have ended for the metrics too.
func quiet(t *testing.T, w *scenario.World) {
	t.Helper()
	eventually(t, "no RPC is in flight", func() bool {
		for _, p := range []view.Policy{seen(t, w), children(t, w)} {
			for _, b := range p.Backends {
				if b.InFlight != 0 {
					return false
				}
			}
		}
		return true
	})
}

// busiest returns the server that the policy picked most.
func busiest(w *scenario.World, p view.Policy) *backend.Server {
	most := w.Servers[0]
	for _, server := range w.Servers {
		if picks(p, server) > picks(p, most) {
			most = server
		}
	}
	return most
}

func picks(p view.Policy, server *backend.Server) int {
	if b := p.Backends[server.Addr]; b != nil {
		return b.Picks
	}
	return 0
}

func ready(p view.Policy, server *backend.Server) int {
	if b := p.Backends[server.Addr]; b != nil {
		return b.Ready
	}
	return 0
}
