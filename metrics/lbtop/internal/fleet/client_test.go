package fleet_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

func TestClientTellsWhatItCannotUse(t *testing.T) {
	t.Parallel()
	dead, ejected := fleet.Bad{Key: key, Backend: "a10", Condition: fleet.Down, Since: now.Add(-time.Minute)}, fleet.Bad{Key: key, Backend: "a9", Condition: fleet.Unusable}
	for name, tt := range map[string]struct {
		client  poll.Client
		want    []fleet.Bad
		without int
	}{
		"some":       {client("1", sick("a9", "ejected"), down("a10", time.Minute), usable("b")), []fleet.Bad{dead, ejected}, 0},
		"all":        {client("1", sick("a9", "ejected"), down("a10", time.Minute)), []fleet.Bad{{Key: key, Condition: fleet.Down}, dead, ejected}, 1},
		"idle":       {client("1", down("a10", time.Minute), inState("b", "idle")), []fleet.Bad{dead}, 0},
		"none":       {client("1", usable("a")), nil, 0},
		"gone":       {client("1", down("a10", time.Minute), gone("b")), []fleet.Bad{{Key: key, Condition: fleet.Down}, dead}, 1},
		"no backend": {client("1"), nil, 0},
	} {
		f := merge(tt.client, client("2", usable("b")))
		if got := f.Clients[0].Bad; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
		if f.Targets[0].Without != tt.without {
			t.Errorf("%s: %d clients without a backend, want %d", name, f.Targets[0].Without, tt.without)
		}
	}
}

func TestClientThatFailsCountsForNothingElse(t *testing.T) {
	t.Parallel()
	c := failing("2")
	c.At = now.Add(-time.Hour)
	f := merge(client("1", usable("a")), c, poll.Client{Name: "3"})
	want := fleet.Client{Name: "2", State: fleet.Fails, Error: "connection refused", Since: now.Add(-time.Minute), Last: now.Add(-time.Hour)}
	if !reflect.DeepEqual(f.Clients[1], want) {
		t.Errorf("got %+v, want %+v", f.Clients[1], want)
	}
	if f.Clients[0].State != fleet.Answers || f.Clients[2].State != fleet.Asked || !f.Pending() || f.Answered() != 1 {
		t.Errorf("states %v and %v, %d answered", f.Clients[0].State, f.Clients[2].State, f.Answered())
	}
	if f.Targets[0].Clients != 1 {
		t.Errorf("target at %d clients, want 1", f.Targets[0].Clients)
	}
}

func TestClientsAreSortedByWorstAndFiltered(t *testing.T) {
	t.Parallel()
	f := merge(client("c10", usable("a")), client("c9", usable("a")), client("x", down("b1", time.Second), usable("a")), poll.Client{Name: "broken", Err: errors.New("Timeout")})
	for filter, want := range map[string]string{"": " broken x c9 c10", "C": " c9 c10", "TIME": " broken", "b1": " x", "greeter": " x", "?": ""} {
		got := ""
		for _, c := range fleet.ClientsByWorst(f.Clients, filter) {
			got += " " + c.Name
		}
		if got != want {
			t.Errorf("%q: %s, want %s", filter, got, want)
		}
	}
}
