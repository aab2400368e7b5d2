package trial_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/trial"
)

const someUsers = 30

// home returns the address of the backend that answers the user's RPCs. It checks that
// the same one answers each time.
func home(t *testing.T, tr *trial.Trial, user int) string {
	t.Helper()
	addr := ""
	for range 3 {
		answered, err := tr.Call(t.Context(), user)
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

func homes(t *testing.T, tr *trial.Trial) map[int]string {
	t.Helper()
	of := map[int]string{}
	for user := range someUsers {
		of[user] = home(t, tr, user)
	}
	return of
}

// ring_hash connects to a backend when an RPC needs it. Before that the backend has no
// subchannel, and so no series.
func TestRingHashConnectsWhenAUserComes(t *testing.T) {
	t.Parallel()
	tr := open(t, policies.RingHash, true)
	addr := home(t, tr, 0)
	awaitIdle(t, tr)
	p := read(t, tr.Series)
	if got := slices.Collect(maps.Keys(p.Backends)); len(got) != 1 || got[0] != addr {
		t.Errorf("after RPCs of one user there are series of %v, want of %s only", got, addr)
	}
	if p.Subchannels["READY"] != 1 || p.Subchannels["IDLE"] != 0 {
		t.Errorf("subchannels %v, want one READY", p.Subchannels)
	}
	if p.PicksDelayed == 0 {
		t.Error("no pick was delayed, want the first to wait for the connection")
	}

	// No RPC needs the backend now, so ring_hash does not reconnect.
	if err := byAddr(tr, addr).Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the subchannel is IDLE", func() bool {
		p := read(t, tr.Series)
		return p.Subchannels["IDLE"] == 1 && p.Subchannels["READY"] == 0 && p.Backends[addr].Ready == 0
	})
}

// A user's RPCs go to one backend. While it is down they go to another, and then back.
// The RPCs of other users do not move.
func TestRingHashKeepsUsersAtHome(t *testing.T) {
	t.Parallel()
	tr := open(t, policies.RingHash, true)
	at := homes(t, tr)
	awaitIdle(t, tr)
	if got := len(read(t, tr.Series).Backends); got < 2 {
		t.Fatalf("%d users are at %d backends, want more than one", someUsers, got)
	}
	victim := byAddr(tr, at[0])
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the metrics show the loss", func() bool { return read(t, tr.Series).Backends[victim.Addr].Ready == 0 })
	for user, addr := range homes(t, tr) {
		if at[user] == victim.Addr && addr == victim.Addr || at[user] != victim.Addr && addr != at[user] {
			t.Errorf("user %d is at %s, was at %s, and %s is down", user, addr, at[user], victim.Addr)
		}
	}
	restart(t, victim)
	eventually(t, "the backend is READY again", func() bool { return read(t, tr.Series).Backends[victim.Addr].Ready == 1 })
	eventually(t, "the first user is back at the first backend", func() bool {
		addr, err := tr.Call(t.Context(), 0)
		return err == nil && addr == victim.Addr
	})
	if now := homes(t, tr); !maps.Equal(now, at) {
		t.Errorf("users are at %v, want them back at %v", now, at)
	}
}

func byAddr(tr *trial.Trial, addr string) *backend.Server {
	for _, server := range tr.Servers {
		if server.Addr == addr {
			return server
		}
	}
	panic("no server has the address " + addr)
}
