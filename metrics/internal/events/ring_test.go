package events_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// teller adds events to a ring, the time pause after each other.
type teller struct {
	ring  events.Ring
	pause time.Duration
	now   clock.Instant
}

func (tl *teller) tell(kind livestatus.EventKind, backend string) {
	tl.ring.Add((&events.News{Kind: kind, Backend: backend}).At(tl.now))
	tl.now += clock.Instant(tl.pause)
}

func (tl *teller) events() []livestatus.Event {
	return tl.ring.Page(clock.Moment{Wall: time.Unix(1e9, 0), Now: tl.now})
}

// A storm of one kind does not push out what else happened.
func TestAStormOfEventsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	tl := &teller{pause: time.Millisecond}
	tl.tell(livestatus.InstanceBuilt, "")
	for i := range 1000 {
		tl.tell(livestatus.Connected, fmt.Sprintf("%d:1", i))
	}
	for i := range 500 {
		tl.tell(livestatus.Lost, fmt.Sprintf("%d:1", i))
	}
	shown := tl.events()
	kinds, counts := make(map[livestatus.EventKind]int), make(map[livestatus.EventKind]int)
	for _, e := range shown {
		kinds[e.Kind]++
		counts[e.Kind] += e.N
	}
	want := map[livestatus.EventKind]int{livestatus.InstanceBuilt: 1, livestatus.Connected: 8, livestatus.Lost: 8}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if counts[livestatus.Connected] != 1000 || counts[livestatus.Lost] != 500 {
		t.Errorf("counts %v, want 1000 connections and 500 losses", counts)
	}
	if shown[0].Backend != "499:1" || shown[0].N != 493 {
		t.Errorf("the newest is %+v, want the last loss, for 493", shown[0])
	}
}

func TestATargetKeepsItsLastEvents(t *testing.T) {
	t.Parallel()
	tl := &teller{pause: time.Minute}
	tl.tell(livestatus.InstanceBuilt, "")
	for i := range 100 {
		tl.tell(livestatus.Connected, fmt.Sprintf("%d:1", i))
		shown := tl.events()
		if n := min(i+2, 64); len(shown) != n || shown[0].Backend != fmt.Sprintf("%d:1", i) {
			t.Fatalf("%d events, the last %+v, want %d and that of %d", len(shown), shown[0], n, i)
		}
		if !slices.IsSortedFunc(shown, func(a, b livestatus.Event) int { return b.At.Compare(a.At) }) {
			t.Fatalf("events %+v, want the newest first", shown)
		}
	}
}
