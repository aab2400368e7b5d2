package builtinnames_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer/pickfirst"
	_ "google.golang.org/grpc/balancer/ringhash" // registers ring_hash_experimental
	"google.golang.org/grpc/metadata"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

const ringHash = `{"loadBalancingConfig": [{"ring_hash_experimental": {"requestHashHeader": "session"}}]}`

// sessions sends one RPC for each of 60 sessions. It returns the address that each
// session went to.
func sessions(ctx context.Context, t *testing.T, c *channeltest.Client) []string {
	t.Helper()
	got := make([]string, 60)
	for i := range got {
		addr, err := c.Call(metadata.AppendToOutgoingContext(ctx, "session", fmt.Sprint(i)))
		if err != nil {
			t.Errorf("RPC of session %d: %v", i, err)
		}
		got[i] = addr
	}
	return got
}

func TestUnderRingHashASessionStaysWhereItIs(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := dial(t, pickfirst.Name, ringHash, all)
	first := sessions(ctx, t, c)
	served := map[string]int{}
	for _, addr := range first {
		served[addr]++
	}
	if len(served) != len(all) {
		t.Errorf("sessions went to %v, want some at each server", served)
	}
	for i, addr := range sessions(ctx, t, c) {
		if addr != first[i] {
			t.Errorf("session %d moved from %s to %s", i, first[i], addr)
		}
	}
	counted := c.Series()
	for addr, n := range served {
		if got := counted["grpc_lb_rpc_attempts_total "+addr+" OK"]; got != float64(2*n) {
			t.Errorf("%s: %v RPCs counted, want %d", addr, got, 2*n)
		}
	}
}

func TestUnderRingHashOnlyTheSessionsOfAKilledServerMove(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := dial(t, pickfirst.Name, ringHash, all)
	first := sessions(ctx, t, c)

	all[1].Kill()
	c.AwaitAtLeast(ctx, "grpc_lb_disconnections_total "+all[1].Addr, 1)
	for i, addr := range sessions(ctx, t, c) {
		if moved := addr != first[i]; moved != (first[i] == all[1].Addr) || addr == all[1].Addr {
			t.Errorf("session %d of %s went to %s while %s is down", i, first[i], addr, all[1].Addr)
		}
	}
	all[1].Start()
	if !channeltest.Poll(ctx, func() bool { return slices.Equal(sessions(ctx, t, c), first) }) {
		t.Fatal("the sessions did not return to the restarted server")
	}
}

func TestUnderRingHashRPCsWithoutASessionUseWhatIsReady(t *testing.T) {
	t.Parallel()
	ctx := channeltest.Context(t)
	all := channeltest.StartServers(t, 3)
	c := dial(t, pickfirst.Name, ringHash, all)
	c.CallUntilReached(ctx, 60, all.Addrs()...)
	checkKilledServerIsLeftOut(ctx, c, all, 0)
}
