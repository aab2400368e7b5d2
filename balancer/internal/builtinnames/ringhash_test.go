package builtinnames_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer/pickfirst"
	_ "google.golang.org/grpc/balancer/ringhash" // registers ring_hash_experimental
	"google.golang.org/grpc/metadata"
)

const ringHash = `{"loadBalancingConfig": [{"ring_hash_experimental": {"requestHashHeader": "session"}}]}`

// sessions sends one RPC for each of 60 sessions and returns which server each
// of them went to.
func (c *client) sessions(ctx context.Context) []string {
	c.t.Helper()
	got := make([]string, 60)
	for i := range got {
		addr, err := c.call(metadata.AppendToOutgoingContext(ctx, "session", fmt.Sprint(i)), "")
		if err != nil {
			c.t.Errorf("RPC of session %d: %v", i, err)
		}
		got[i] = addr
	}
	return got
}

func TestUnderRingHashASessionStaysWhereItIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3)
	c := dial(t, ringHash, all...)
	first := c.sessions(ctx)
	served := map[string]int{}
	for _, addr := range first {
		served[addr]++
	}
	if len(served) != len(all) {
		t.Errorf("sessions went to %v, want some to each of the servers", served)
	}
	for i, addr := range c.sessions(ctx) {
		if addr != first[i] {
			t.Errorf("session %d moved from %s to %s", i, first[i], addr)
		}
	}
	counted := c.series(pickfirst.Name, "grpc_lb_rpcs_total")
	for addr, n := range served {
		if got := counted[addr+" OK"]; got != float64(2*n) {
			t.Errorf("%s: %v RPCs counted, want %d", addr, got, 2*n)
		}
	}
}

func TestUnderRingHashOnlyTheSessionsOfAKilledServerMove(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3)
	c := dial(t, ringHash, all...)
	first := c.sessions(ctx)

	all[1].kill()
	c.awaitLoss(ctx, all[1])
	for i, addr := range c.sessions(ctx) {
		if moved := addr != first[i]; moved != (first[i] == all[1].addr) || addr == all[1].addr {
			t.Errorf("session %d of %s went to %s while %s is down", i, first[i], addr, all[1].addr)
		}
	}
	all[1].start()
	for back := false; !back; {
		back = true
		for i, addr := range c.sessions(ctx) {
			back = back && addr == first[i]
		}
		if ctx.Err() != nil {
			t.Fatal("the sessions do not come back")
		}
	}
}

// awaitLoss waits until the metrics say that the connection to s is lost.
func (c *client) awaitLoss(ctx context.Context, s *server) {
	c.t.Helper()
	for c.series(pickfirst.Name, "grpc_lb_disconnections_total")[s.addr] == 0 {
		if ctx.Err() != nil {
			c.t.Fatalf("the connection to %s is not lost", s.addr)
		}
	}
}

func TestUnderRingHashRPCsWithoutASessionUseWhatIsReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	all := startServers(t, 3)
	c := dial(t, ringHash, all...)
	c.callsReach(ctx, 60, all...)
	all[0].kill()
	c.callsReach(ctx, 60, all[1], all[2])
	all[0].start()
	c.callsReach(ctx, 60, all...)
}
