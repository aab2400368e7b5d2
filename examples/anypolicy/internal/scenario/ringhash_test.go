package scenario_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/scenario"
)

const someUsers = 30

// home returns the address that answers a user, each time the same.
func home(t *testing.T, w *scenario.World, user int) string {
	t.Helper()
	addr := ""
	for range 3 {
		answered, err := w.Call(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		if addr != "" && answered != addr {
			t.Fatalf("user %d was answered by %s and then by %s, want the same", user, addr, answered)
		}
		addr = answered
	}
	return addr
}

func homes(t *testing.T, w *scenario.World) map[int]string {
	t.Helper()
	of := map[int]string{}
	for user := range someUsers {
		of[user] = home(t, w, user)
	}
	return of
}

// Ring_hash connects where it must. Until then a backend has no subchannel, and
// so no series.
func TestRingHashConnectsWhenAUserComes(t *testing.T) {
	t.Parallel()
	w := open(t, policies.RingHash, true)
	addr := home(t, w, 0)
	quiet(t, w)
	p := seen(t, w)
	if got := slices.Collect(maps.Keys(p.Backends)); len(got) != 1 || got[0] != addr {
		t.Errorf("after RPCs of one user there are series of %v, want of %s only", got, addr)
	}
	if p.Subchannels["READY"] != 1 || p.Subchannels["IDLE"] != 0 {
		t.Errorf("subchannels %v, want one READY", p.Subchannels)
	}
	if p.Delayed == 0 {
		t.Error("no pick was delayed, want the first to wait for the connection")
	}

	// No RPC needs it, so that the lost connection stays lost.
	if err := byAddr(w, addr).Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the subchannel is IDLE", func() bool {
		p := seen(t, w)
		return p.Subchannels["IDLE"] == 1 && p.Subchannels["READY"] == 0 && p.Backends[addr].Ready == 0
	})
}

// A user's RPCs go to one backend, elsewhere while it is down, and home again.
// Those of others stay where they are.
func TestRingHashKeepsUsersAtHome(t *testing.T) {
	t.Parallel()
	w := open(t, policies.RingHash, true)
	at := homes(t, w)
	quiet(t, w)
	if got := len(seen(t, w).Backends); got < 2 {
		t.Fatalf("%d users are at %d backends, want more than one", someUsers, got)
	}
	victim := byAddr(w, at[0])
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the metrics know of the loss", func() bool { return ready(seen(t, w), victim) == 0 })
	for user, addr := range homes(t, w) {
		if at[user] == victim.Addr && addr == victim.Addr || at[user] != victim.Addr && addr != at[user] {
			t.Errorf("user %d is at %s, was at %s, and %s is down", user, addr, at[user], victim.Addr)
		}
	}
	restart(t, victim)
	eventually(t, "the backend is READY again", func() bool { return ready(seen(t, w), victim) == 1 })
	eventually(t, "the first user is home again", func() bool {
		addr, err := w.Call(t.Context(), 0)
		return err == nil && addr == victim.Addr
	})
	if now := homes(t, w); !maps.Equal(now, at) {
		t.Errorf("users are at %v, want them back at %v", now, at)
	}
}

func byAddr(w *scenario.World, addr string) *backend.Server {
	for _, server := range w.Servers {
		if server.Addr == addr {
			return server
		}
	}
	panic("no server has the address " + addr)
}
