package fleet_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

// reports returns a client with events, by how long ago they were.
func reports(name string, events map[time.Duration]fetch.Event) poll.Client {
	c := client(name)
	for ago, e := range events {
		e.At = now.Add(-ago)
		c.Page.Targets[0].Events = append(c.Page.Targets[0].Events, e)
	}
	return c
}

func TestEventsOfManyClientsAreOne(t *testing.T) {
	t.Parallel()
	lost := fetch.Event{Kind: "lost", Backend: "a", Text: "EOF"}
	other := fetch.Event{Kind: "lost", Backend: "b", Text: "EOF"}
	f := merge(
		reports("1", map[time.Duration]fetch.Event{3 * time.Second: lost, 3500 * time.Millisecond: other, time.Hour: lost}),
		reports("2", map[time.Duration]fetch.Event{4 * time.Second: lost, 7 * time.Second: lost}),
		reports("3", map[time.Duration]fetch.Event{8 * time.Second: lost, 9 * time.Second: lost}))
	var got []string
	for _, e := range f.Events {
		if e.Key != key || e.Kind != "lost" || e.Text != "EOF" {
			t.Errorf("got %+v", e)
		}
		got = append(got, fmt.Sprint(e.Backend, now.Sub(e.At), e.Times, e.Clients))
	}
	want := []string{"a3s 4 [1 2 3]", "b3.5s 1 [1]", "a9s 1 [3]", "a1h0m0s 1 [1]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRepeatsOfAnEventAreAdded(t *testing.T) {
	t.Parallel()
	e := fetch.Event{Kind: "resolver_error", Text: "no such host", N: 3}
	f := merge(reports("1", map[time.Duration]fetch.Event{time.Second: e}), reports("2", map[time.Duration]fetch.Event{2 * time.Second: e}))
	if len(f.Events) != 1 || f.Events[0].Times != 6 {
		t.Errorf("got %+v, want one event, 6 times", f.Events)
	}
}

func TestEventsTellWhatHappened(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]fetch.Event{
		"3 endpoints +a +b -c":            {Kind: "resolver_update", Endpoints: 3, Added: []string{"a", "b"}, AddedCount: 2, Removed: []string{"c"}, RemovedCount: 1},
		"1 endpoint":                      {Kind: "resolver_update", Endpoints: 1, N: 1},
		"0 endpoints -a":                  {Kind: "resolver_update", Removed: []string{"a"}, RemovedCount: 1},
		"9 endpoints +a +b +c +6 more -f": {Kind: "resolver_update", Endpoints: 9, Added: []string{"a", "b", "c", "d", "e"}, AddedCount: 9, Removed: []string{"f"}, RemovedCount: 1},
		"3 endpoints +3 more":             {Kind: "resolver_update", Endpoints: 3, AddedCount: 3},
		"connection refused":              {Kind: "connect_failed", Text: "connection refused", N: 7},
		"":                                {Kind: "connected"},
	} {
		f := merge(reports("1", map[time.Duration]fetch.Event{time.Second: e}))
		if got := f.Events[0]; got.Text != want || got.Times != max(e.N, 1) {
			t.Errorf("got %q %d times, want %q %d times", got.Text, got.Times, want, max(e.N, 1))
		}
	}
}
